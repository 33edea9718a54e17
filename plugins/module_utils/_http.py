# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP exchange with Coolify: authentication, TLS, time limits, and repeating by meaning."""

from __future__ import annotations

import json
import os
import random
import re
import threading
import time
import traceback
import typing as t
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from ._errors import InputError, Unreachable, Unreadable

try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.auth import AuthBase
    from urllib3.exceptions import ConnectTimeoutError, InsecureRequestWarning, NewConnectionError
    from urllib3.util.retry import Retry

    REQUESTS_IMPORT_ERROR = None
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    AuthBase = Retry = object

REPEATABLE = ("GET", "PATCH", "PUT", "DELETE")
"""Verbs that may be sent again after a lost answer. Coolify's PATCHes are upserts by key or set named fields; its PUT replaces a whole."""
RETRIES = 3
RATE_LIMIT_RETRIES = 12
LONGEST_PAUSE = 90.0
"""Seconds; Coolify's Retry-After is at most 60."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Answer:
    """Status, headers (case-insensitive mapping) and text of one HTTP answer."""

    status: int
    headers: t.Mapping[str, str]
    text: str

    @property
    def data(self) -> t.Any:
        """The decoded JSON body; raises ValueError where there is none."""
        return json.loads(self.text)


class _Bearer(AuthBase):
    """The token as an auth object: with a plain header, requests would let an entry of ~/.netrc for the host replace it."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class _Repeat(Retry):
    """urllib3's Retry with our meaning: 429 for every verb (it was refused before anything happened), 502/503/504 and lost
    connections only for the verbs that may be repeated. A connection that was never made is tried again for every verb."""

    sleeper: t.Callable[[float], None] = staticmethod(time.sleep)
    on_wait: t.Callable[[str], None] = staticmethod(lambda text: None)

    @classmethod
    def for_coolify(cls, sleeper: t.Callable[[float], None], on_wait: t.Callable[[str], None]) -> _Repeat:
        repeat = cls(
            total=None,
            connect=2,
            read=2,
            other=0,
            redirect=0,
            status=RATE_LIMIT_RETRIES,
            allowed_methods=frozenset(REPEATABLE),
            backoff_factor=0.5,
            raise_on_status=False,
        )
        repeat.sleeper, repeat.on_wait = sleeper, on_wait
        return repeat

    def new(self, **kw):
        repeat = super().new(**kw)
        repeat.sleeper, repeat.on_wait = self.sleeper, self.on_wait
        return repeat

    def is_retry(self, method, status_code, has_retry_after=False):
        if status_code == 429:
            return True
        failures = sum(entry.status in (502, 503, 504) for entry in self.history)
        return status_code in (502, 503, 504) and method in REPEATABLE and failures < RETRIES

    def sleep(self, response=None):
        if response is not None and response.status == 429:
            # Retry-After: 0 has been seen from Coolify; jitter, so that parallel runs do not come back together
            seconds = max(self.get_retry_after(response) or 0.0, 1.0) + random.uniform(0, 1)
            why = "Coolify's rate limit is reached"
        else:
            seconds = self.get_backoff_time() * random.uniform(0.5, 1.5)
            why = "Coolify does not answer properly"
        seconds = min(seconds, LONGEST_PAUSE)
        if seconds > 2:
            self.on_wait(f"{why}, trying again in {seconds:.0f} s")
        self.sleeper(seconds)


def checked_url(url: str) -> str:
    """The base address without a trailing slash or /api/v1; raises InputError for what cannot be one or carries a secret."""
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018  (raises ValueError for what is no port)
    except ValueError as error:
        raise InputError(f"url: it is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(
            f"url: {parts.scheme + '://…' if parts.scheme else 'the value'} is no http:// or https:// address, expected https://coolify.example.com"
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InputError(
            "url: it carries credentials, a query or a fragment; an address ends up in logs",
            "Give the address alone and the token through token or COOLIFY_TOKEN.",
        )
    path = parts.path.rstrip("/")
    if path.endswith("/api/v1"):
        path = path[: -len("/api/v1")]
    return f"{parts.scheme}://{parts.netloc}{path}"


def is_plain_http(url: str) -> bool:
    """True when the token would travel unencrypted over a network."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK and not (parts.hostname or "").startswith("127.")


class Http:
    """A session with one Coolify. ``sleeper`` is replaced in tests; ``on_wait`` hears of longer pauses."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        validate_certs: bool = True,
        ca_path: str | None = None,
        timeout: float = 30.0,
        headers: t.Mapping[str, str] | None = None,
        sleeper: t.Callable[[float], None] = time.sleep,
        on_wait: t.Callable[[str], None] = lambda text: None,
    ) -> None:
        self.url = checked_url(url)
        token = token.strip()
        for name, text in (("token", token), *(headers or {}).items()):
            if not re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", text):
                raise InputError(f"{name}: it has characters that an HTTP header cannot carry, or is empty")
        if timeout <= 0:
            raise InputError("timeout: it has to be at least 1 second")
        if ca_path and not os.path.exists(ca_path):
            raise InputError(f"ca_path: there is no file {ca_path} on the machine where the task runs")
        self.timeout = (min(timeout, 10.0), timeout)
        # Given with each request: a REQUESTS_CA_BUNDLE in the environment would override the session's own
        self.verify: bool | str = (ca_path or True) if validate_certs else False
        self.sleeper = sleeper
        self.session = requests.Session()
        self.session.auth = _Bearer(token)
        self.session.headers.update({"Accept": "application/json", "User-Agent": "selfhosted.coolify (Ansible)", **(headers or {})})
        adapter = HTTPAdapter(max_retries=_Repeat.for_coolify(sleeper, on_wait), pool_maxsize=4)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)

    def send(self, method: str, path: str, body: t.Any = None, query: t.Mapping[str, t.Any] | None = None) -> Answer:
        """One exchange below /api/v1. Raises Unreachable or Unreadable; an error status is an Answer like any other."""
        attempts = RETRIES if method in REPEATABLE else 1
        for attempt in range(1, attempts + 1):
            try:
                return self._exchange(method, path, body, query)
            except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
                # The body broke off, which is past what urllib3's Retry covers
                if attempt == attempts:
                    raise Unreadable(
                        f"{method} {path}: the answer broke off",
                        "Try again; look at what stands between here and Coolify.",
                        sent=method != "GET",
                    ) from error
                self.sleeper(0.5 * attempt)
        raise AssertionError("unreachable")

    def _exchange(self, method: str, path: str, body: t.Any, query: t.Mapping[str, t.Any] | None) -> Answer:
        try:
            with warnings.catch_warnings():
                if self.verify is False:
                    warnings.simplefilter("ignore", InsecureRequestWarning)
                response = self.session.request(
                    method,
                    f"{self.url}/api/v1{path}",
                    json=body,
                    params=query,
                    timeout=self.timeout,
                    verify=self.verify,
                    allow_redirects=False,
                )
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise
        except requests.exceptions.RequestException as error:
            raise self._unreachable(method, path, error) from error
        response.encoding = "utf-8"
        return Answer(response.status_code, response.headers, response.text)

    def _unreachable(self, method: str, path: str, error: Exception) -> Unreachable:
        """The reason in words. Only a request whose connection was never made is certain not to have been acted upon."""
        what = f"{method} {self.url}/api/v1{path}"
        reason = getattr(error.args[0], "reason", None) if error.args else None
        if "WRONG_VERSION_NUMBER" in str(error):
            return Unreachable(f"{what}: the server does not speak TLS on this port", "Use http://, or the port of https.", stage="ssl")
        if isinstance(error, requests.exceptions.SSLError):
            return Unreachable(
                f"{what}: TLS error: {_last_words(error)}",
                "Give the CA with ca_path, correct the name in url, or renew the certificate.",
                stage="ssl",
            )
        if isinstance(error, requests.exceptions.ProxyError):
            return Unreachable(
                f"{what}: the HTTP proxy of the environment failed: {_last_words(error)}",
                "Correct HTTPS_PROXY or add the host to NO_PROXY.",
            )
        if isinstance(reason, NewConnectionError):
            text = _last_words(reason)
            if "resolve" in text or "Name or service" in text or "nodename" in text:
                return Unreachable(f"{what}: the host name does not resolve", stage="dns")
            return Unreachable(f"{what}: {text}")
        if isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(reason, ConnectTimeoutError):
            return Unreachable(f"{what}: no connection within {self.timeout[0]:g} s")
        if isinstance(error, requests.exceptions.Timeout) or "Read timed out" in str(error):
            return Unreachable(
                f"{what}: no answer within {self.timeout[1]:g} s",
                "Raise timeout, or look at the load of the Coolify host.",
                sent=method != "GET",
                late=True,
            )
        if isinstance(error, requests.exceptions.ConnectionError):
            return Unreachable(
                f"{what}: the connection was lost before the answer came",
                "Try again; look at what stands between here and Coolify.",
                sent=method != "GET",
            )
        return Unreachable(f"{what}: {type(error).__name__}: {_last_words(error)}")


def _last_words(error: BaseException) -> str:
    """urllib3 nests its reasons as text; the last part is what a person wants to read."""
    text = str(error).rsplit("Caused by", 1)[-1]
    for separator in (">: ", "object at ", "Failed to establish a new connection: "):
        text = text.rsplit(separator, 1)[-1]
    text = re.sub(r"\s*\(_ssl\.c:\d+.*$", "", text)
    return text.strip("()'\" ") or type(error).__name__


_WORKER = threading.local()


def in_parallel(calls: t.Sequence[t.Callable[[], t.Any]], most: int) -> list[t.Any]:
    """The results of calls that do not depend on each other, at most ``most`` at a time; the first error is raised.

    Inside such a call it works one after the other, so that there are never more than ``most`` connections.
    """
    if len(calls) < 2 or getattr(_WORKER, "busy", False):
        return [call() for call in calls]

    def start() -> None:
        _WORKER.busy = True

    with ThreadPoolExecutor(max_workers=min(most, len(calls)), initializer=start) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


class Plain:
    """GETs of other addresses than Coolify's, such as an application's domain: no token, redirects followed."""

    def __init__(
        self, *, validate_certs: bool = True, ca_path: str | None = None, timeout: float = 10.0, auth: tuple[str, str] | None = None
    ) -> None:
        self.verify: bool | str = (ca_path or True) if validate_certs else False
        self.timeout = timeout
        self.session = requests.Session()
        # requests drops it when it is redirected to another host
        self.session.auth = auth
        # An entry of ~/.netrc or a proxy's credentials have no business here
        self.session.trust_env = False
        self.session.headers["User-Agent"] = "selfhosted.coolify (Ansible)"

    def get(self, url: str) -> tuple[int | None, str, str]:
        """(status or None, the first 64 KiB of the text, why there was no answer)."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", InsecureRequestWarning)
                proxies = requests.utils.get_environ_proxies(url, no_proxy=None)
                with self.session.get(url, timeout=self.timeout, verify=self.verify, stream=True, proxies=proxies) as answer:
                    body = next(answer.iter_content(65536), b"")
                    return answer.status_code, body.decode(answer.encoding or "utf-8", "replace"), ""
        except (requests.exceptions.RequestException, OSError, ValueError) as error:
            return None, "", _last_words(error)
