# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller can find out about a domain by itself: DNS, the certificate, an HTTP answer. Nothing here knows Coolify."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
import typing as t
import warnings
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from urllib.parse import urljoin, urlsplit

from .._http import Plain, in_parallel

try:
    import requests
    from requests.adapters import HTTPAdapter
except ImportError:
    # Reported by whoever runs the module (_http)
    HTTPAdapter = object

TIMEOUT = 5.0
PARALLEL = 8
USUAL_PORTS = {"http": 80, "https": 443}
PROXY_PORTS = dict(USUAL_PORTS)
"""Where Coolify's proxy takes requests."""
# Networks of CDNs that stand in front of a server, so that a name rightly resolves elsewhere: https://www.cloudflare.com/ips/
CDN = {
    "Cloudflare": (
        "173.245.48.0/20",
        "103.21.244.0/22",
        "103.22.200.0/22",
        "103.31.4.0/22",
        "141.101.64.0/18",
        "108.162.192.0/18",
        "190.93.240.0/20",
        "188.114.96.0/20",
        "197.234.240.0/22",
        "198.41.128.0/17",
        "162.158.0.0/15",
        "104.16.0.0/13",
        "104.24.0.0/14",
        "172.64.0.0/13",
        "131.0.72.0/22",
        "2400:cb00::/32",
        "2606:4700::/32",
        "2803:f800::/32",
        "2405:b500::/32",
        "2405:8100::/32",
        "2a06:98c0::/29",
        "2c0f:f248::/32",
    )
}


@dataclass(frozen=True)
class Resolved:
    """The addresses of a host name, or why there are none."""

    host: str
    addresses: tuple[str, ...] = ()
    error: str = ""

    @property
    def cdn(self) -> str:
        """The CDN that all addresses belong to, or an empty text."""
        for name, networks in CDN.items():
            nets = [ipaddress.ip_network(net) for net in networks]
            if self.addresses and all(any(ipaddress.ip_address(address) in net for net in nets) for address in self.addresses):
                return name
        return ""


@dataclass(frozen=True)
class Certificate:
    """The certificate that a host presents: ``days`` until it expires, or why it is not trusted (``error``); neither when nothing listens."""

    host: str
    days: float | None = None
    error: str = ""
    reached: bool = False
    issuer: str = ""
    """The issuer's name, where it was asked for."""

    @property
    def default(self) -> bool:
        """Whether it is the one that Traefik makes for names it has no certificate for."""
        return "TRAEFIK DEFAULT CERT" in self.issuer


@dataclass(frozen=True)
class Reply:
    """One HTTP answer: ``status`` is None when there was none; ``seconds`` until it was there; ``headers`` where they were asked for."""

    url: str
    status: int | None
    seconds: float
    text: str = ""
    error: str = ""
    headers: t.Mapping[str, str] = field(default_factory=dict)


def resolve(host: str) -> Resolved:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Resolved(host, error=str(getattr(error, "strerror", None) or error))
    return Resolved(host, tuple(dict.fromkeys(str(item[4][0]) for item in found)))


def certificate(host: str, port: int, ca_path: str | None = None, address: str = "") -> Certificate:
    """``address`` is where to connect to instead of where the name leads."""
    context = ssl.create_default_context()
    if ca_path:
        context.load_verify_locations(ca_path)
    try:
        with socket.create_connection((address or host, port), timeout=TIMEOUT) as plain:
            try:
                with context.wrap_socket(plain, server_hostname=host) as secured:
                    until = ssl.cert_time_to_seconds(str((secured.getpeercert() or {})["notAfter"]))
            except ssl.SSLCertVerificationError as error:
                return Certificate(host, error=error.verify_message, reached=True)
            except (OSError, KeyError) as error:
                return Certificate(host, error=str(error), reached=True)
    except OSError as error:
        return Certificate(host, error=str(getattr(error, "strerror", None) or error))
    return Certificate(host, _days_until(datetime.fromtimestamp(until, timezone.utc)), reached=True)


def _days_until(end: datetime) -> float:
    return round((end - datetime.now(timezone.utc)).total_seconds() / 86400, 1)


def request(plain: Plain, url: str) -> Reply:
    """One GET, redirects followed, without any token."""
    started = time.monotonic()
    status, text, error = plain.get(url)
    return Reply(url, status, time.monotonic() - started, text, error)


def presented(host: str, port: int, ca_path: str | None = None, address: str = "") -> Certificate:
    """Like ``certificate``, and who issued it, also for one that is not trusted."""
    found = certificate(host, port, ca_path, address)
    if not found.reached:
        return found
    try:
        # Not at the top: it takes 35 ms, and every module that deploys imports this file
        from cryptography import x509
    except ImportError:  # ansible-core brings it to the controller
        return found
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((address or host, port), timeout=TIMEOUT) as plain, context.wrap_socket(
            plain, server_hostname=host
        ) as secured:
            shown = x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError):
        return found
    until = getattr(shown, "not_valid_after_utc", None) or shown.not_valid_after.replace(tzinfo=timezone.utc)
    return replace(found, days=_days_until(until), issuer=shown.issuer.rfc4514_string())


class _Named(HTTPAdapter):
    """Names the host in the TLS handshake, whatever address is connected to."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__()

    def init_poolmanager(self, *args: t.Any, **options: t.Any) -> None:
        super().init_poolmanager(*args, server_hostname=self.host, **options)


def exchange(url: str, timeout: float, most: int = 4096, address: str = "") -> Reply:
    """One GET without any token that follows no redirect; ``seconds`` until its head was there, ``error`` is a word such as refused or timeout.
    Untrusted certificates are accepted: what is behind them is of interest too. ``most`` bytes are read; ``address`` as in ``certificate``."""
    session = requests.Session()
    session.trust_env = False
    parts, target, headers = urlsplit(url), url, {}
    if address:
        target = parts._replace(netloc=f"{f'[{address}]' if ':' in address else address}{f':{parts.port}' if parts.port else ''}").geturl()
        headers["Host"] = parts.netloc
        session.mount("https://", _Named(parts.hostname or ""))
    started = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with session.get(target, headers=headers, timeout=timeout, verify=False, allow_redirects=False, stream=True) as answer:
                seconds = time.monotonic() - started
                text = _begin(answer, most).decode(answer.encoding or "utf-8", "replace")
                return Reply(url, answer.status_code, seconds, text, headers=dict(answer.headers))
    except (requests.exceptions.RequestException, OSError, ValueError) as error:
        return Reply(url, None, time.monotonic() - started, error=_word(error))


def _begin(answer: requests.Response, most: int) -> bytes:
    found = b""
    for part in answer.iter_content(min(most, 65536)):
        found += part
        if len(found) >= most:
            break
    return found[:most]


def _word(error: Exception) -> str:
    text = str(error)
    words = (
        ("refused", "refused"),
        ("timed out", "timeout"),
        ("Timeout", "timeout"),
        ("reset", "reset"),
        ("resolve", "unresolved"),
        ("Name or service", "unresolved"),
        ("SSL", "tls"),
        ("unreachable", "unreachable"),
        ("No route", "unreachable"),
        ("RemoteDisconnected", "closed"),
    )
    return next((word for part, word in words if part in text), type(error).__name__)


def redirects(first: Reply, ask: t.Callable[[str], Reply], most: int = 6) -> tuple[str, ...]:
    """The way of redirects when it comes back to where it was, else nothing."""
    way, answer = [first.url], first
    for _hop in range(most):
        target = next((value for name, value in answer.headers.items() if name.lower() == "location"), "")
        if answer.status not in (301, 302, 303, 307, 308) or not target:
            return ()
        url = urljoin(answer.url, target)
        if url.rstrip("/") in [seen.rstrip("/") for seen in way]:
            return (*way, url)
        way.append(url)
        answer = ask(url)
    return ()


def public(url: str, ports: t.Mapping[str, int] | None = None) -> str:
    """Where a domain is asked from outside. A port in a domain of Coolify is the container's; the proxy takes requests at ``ports``, by scheme."""
    parts = urlsplit(url)
    host, usual = parts.hostname or "", USUAL_PORTS.get(parts.scheme)
    host = f"[{host}]" if ":" in host else host
    port = (ports or {}).get(parts.scheme) or PROXY_PORTS.get(parts.scheme)
    return parts._replace(netloc=host if port == usual else f"{host}:{port}").geturl()


def host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or USUAL_PORTS.get(parts.scheme, 80)


def each(probe: t.Callable[[t.Any], t.Any], things: t.Sequence[t.Any]) -> list[t.Any]:
    """The results of a probe for several things, made in parallel."""
    return in_parallel([partial(probe, thing) for thing in things], PARALLEL)
