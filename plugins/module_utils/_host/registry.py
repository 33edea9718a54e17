# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container registry and GitHub say about a login, with the standard library only. Nothing is pushed, nothing is pulled.

The exchange is that of the distribution specification, as Docker does it: ``/v2/`` answers 401 with a challenge, and the login goes with
the request (Basic) or is changed for a token at the address that the challenge names (Bearer; so do ghcr.io and Docker Hub).
"""

from __future__ import annotations

import base64
import glob
import http.client
import ipaddress
import json
import re
import ssl
import typing as t
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import urlencode, urljoin, urlsplit

from .masking import clip, mask

GITHUB = "https://api.github.com"
GHCR = "ghcr.io"
HUB = "docker.io"
HUB_NAMES = (HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
HUB_KEY = "https://index.docker.io/v1/"
"""How Docker's config.json names Docker Hub."""
HUB_HOST = "registry-1.docker.io"
CERTIFICATES = "/etc/docker/certs.d"
MANIFESTS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1",
        "oci.image.manifest.v1",
        "docker.distribution.manifest.list.v2",
        "docker.distribution.manifest.v2",
    )
)
IMPLIED = {"write:packages": {"read:packages"}}
"""A scope of GitHub -> what it includes."""
READ = 65_536
SHOWN = 300
EXPIRES_SOON_DAYS = 14

NEW_TOKEN = (
    "Create a personal access token (classic) with read:packages, and with write:packages for build hosts, let the organization accept it "
    "(Configure SSO), and give it to this task."
)
# What registries, GitHub and Docker say -> what it means and what to do. The first that fits is shown
EXPLAINED = tuple(
    (re.compile(pattern, re.IGNORECASE), advice)
    for pattern, advice in (
        (
            r"does not match expected scopes|insufficient_scope",
            f"The token is known but lacks a scope, or the organization does not let it in. {NEW_TOKEN} The package itself must grant its "
            "owner the role Write for a push.",
        ),
        (r"\bsaml\b|\bsso\b", "The organization wants the token authorized for single sign-on: Configure SSO beside the token on GitHub."),
        (
            r"bad credentials",
            f"GitHub does not know the token: it is expired, revoked or mistyped. {NEW_TOKEN}",
        ),
        (
            r"error storing credentials|docker-credential-",
            "The program that keeps this user's logins does not work. Install or repair it, or use credential_helper=bypass, which keeps "
            "this one login in config.json, where Coolify's build container can read it too.",
        ),
        (
            r"docker daemon socket|docker api at",
            "This user may not talk to Docker. A login needs no engine: upgrade the Docker CLI, or add the user to the group docker.",
        ),
        (
            r"manifest unknown|name unknown|name_unknown|manifest_unknown|\b404\b",
            "The image does not exist there under that name and tag, or the token may not know of it. Correct the name, push it first, or "
            "use image_must_exist=false before the first build.",
        ),
        (
            r"denied: denied|requested access to the resource is denied|pull access denied|\bdenied\b|forbidden",
            "The registry knows no such login, or it may not do this: the token is expired, revoked, mistyped or of somebody without access "
            f"to the package. {NEW_TOKEN}",
        ),
        (
            r"unauthorized|authentication required|incorrect username or password|no basic auth credentials",
            "There is no login, or it is not accepted: the user name or the token is wrong, expired or revoked. Log in on this host as the "
            "user that Coolify connects with; the token needs read:packages to pull, write:packages to push.",
        ),
        (r"toomanyrequests|rate limit|\b429\b", "The registry limits how often it may be asked. Try again later, with a login."),
        (
            r"certificate|x509",
            f"The registry's certificate is not trusted here. Put its CA into {CERTIFICATES}/REGISTRY/ca.crt, where Docker looks too.",
        ),
        (
            r"http response to https client|wrong.version.number|record layer",
            "The registry speaks plain HTTP. Give it a certificate, or list it in insecure-registries of /etc/docker/daemon.json and use "
            "validate_certs=false.",
        ),
        (
            r"refused|no such host|not known|timed out|unreachable|no route|temporary failure",
            "This host does not reach the registry. Check its name, DNS, firewall and proxy (environment: https_proxy).",
        ),
    )
)


def explain(text: str) -> str | None:
    """What to do about an answer of a registry, GitHub or Docker; None when nothing is known about it."""
    return next((advice for pattern, advice in EXPLAINED if pattern.search(text)), None)


@dataclass(frozen=True)
class Credential:
    """A login. ``identity`` says that the secret is a token that a registry gave in exchange for a password."""

    user: str
    secret: str = field(repr=False)
    identity: bool = False

    @property
    def basic(self) -> str:
        return base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()


class Check(t.NamedTuple):
    """What was found out: ``outcome`` is ``passed``, ``failed`` or ``skipped``, the last with the reason why nobody knows."""

    check: str
    subject: str
    outcome: str
    reason: str
    advice: str | None = None


class Image(t.NamedTuple):
    """An image's name, taken apart; ``reference`` is a tag or a digest."""

    registry: str
    repository: str
    reference: str

    @property
    def name(self) -> str:
        return f"{self.registry}/{self.repository}{'@' if ':' in self.reference else ':'}{self.reference}"


class Reply(t.NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: str

    @property
    def said(self) -> str:
        """One line: the status and what the registry, its token service or GitHub wrote."""
        return clip(mask(f"{self.status} {_message(self.body)}".strip()), SHOWN)


class NoAnswer(Exception):
    """Nobody answered, or not as a registry."""


def registry_name(text: str) -> str:
    """A registry as images name it: without scheme and path; Docker Hub has one name."""
    name = re.sub(r"^https?://", "", text.strip()).split("/")[0].lower()
    return HUB if name in HUB_NAMES else name


def image(text: str) -> Image:
    """Raises ValueError."""
    rest, _at, digest = text.strip().partition("@")
    first, slash, remainder = rest.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, rest = registry_name(first), remainder
    else:
        registry = HUB
    repository, _colon, tag = rest.partition(":")
    if registry == HUB and "/" not in repository:
        repository = f"library/{repository}"
    if not re.fullmatch(r"[a-z0-9]+(?:(?:[._]|__|-+|/)[a-z0-9]+)*", repository):
        raise ValueError(f"{text!r} is no name of an image, such as ghcr.io/acme/shop:1.2; names are in lower case")
    return Image(registry, repository, digest or tag or "latest")


class Web:
    """Single requests. No redirect is followed: it would take the login elsewhere."""

    def __init__(self, seconds: float, verify: bool = True, ca_path: str | None = None, folder: str | None = None) -> None:
        context = ssl.create_default_context() if verify else ssl._create_unverified_context()
        for path in [*([ca_path] if ca_path else []), *sorted(glob.glob(f"{glob.escape(folder)}/*.crt") if folder else [])]:
            context.load_verify_locations(path)
        self.seconds = seconds
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)

    def send(self, method: str, url: str, headers: t.Mapping[str, str] | None = None, data: bytes | None = None) -> Reply:
        """Raises NoAnswer. An error's status is an answer too."""
        request = urllib.request.Request(url, data, {"User-Agent": "selfhosted.coolify", **(headers or {})}, method=method)
        where = urlsplit(url).netloc
        try:
            try:
                with self.opener.open(request, timeout=self.seconds) as answer:
                    return Reply(answer.status, answer.headers, answer.read(READ).decode("utf-8", "replace"))
            except urllib.error.HTTPError as error:
                with error:
                    return Reply(error.code, error.headers, error.read(READ).decode("utf-8", "replace"))
        except urllib.error.URLError as error:
            raise NoAnswer(f"{where}: {error.reason}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise NoAnswer(f"{where}: {error or type(error).__name__}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: t.Any, **kwargs: t.Any) -> None:
        return None


class Registry:
    """One registry as seen from this host."""

    def __init__(self, name: str, seconds: float, verify: bool = True, ca_path: str | None = None) -> None:
        self.name = name
        self.host = HUB_HOST if name == HUB else name
        self.web = Web(seconds, verify, ca_path, f"{CERTIFICATES}/{self.host}")
        # As Docker: plain HTTP only on this machine, or where somebody said so
        self.plain = not verify or loopback(self.host)
        self.base = ""
        self.challenge: tuple[str, dict[str, str]] | None = None

    def open(self) -> None:
        """Find out how it wants to be asked. Raises NoAnswer."""
        if self.base:
            return
        for scheme in ("https", "http") if self.plain else ("https",):
            try:
                reply = self.web.send("GET", f"{scheme}://{self.host}/v2/")
                break
            except NoAnswer:
                if scheme == "http" or not self.plain:
                    raise
        if reply.status not in (200, 401):
            raise NoAnswer(f"{self.host}: GET /v2/ answered {reply.said}, which no registry does")
        self.challenge = _challenge(reply) if reply.status == 401 else None
        self.base = f"{scheme}://{self.host}"

    def ask(
        self, method: str, url: str, login: Credential | None, scope: str | None = None, headers: t.Mapping[str, str] | None = None
    ) -> Reply:
        """The registry's answer, or that of its token service where that refuses. Raises NoAnswer."""
        self.open()
        authorization = {}
        if self.challenge:
            kind, parts = self.challenge
            if kind == "basic" and login:
                authorization = {"Authorization": f"Basic {login.basic}"}
            elif kind == "bearer":
                reply = self._token(parts, login, scope)
                if reply.status != 200:
                    return reply
                token = _json(reply.body).get("token") or _json(reply.body).get("access_token")
                if not token:
                    raise NoAnswer(f"{self.host}: the token service at {parts.get('realm')} gave no token")
                authorization = {"Authorization": f"Bearer {token}"}
        return self.web.send(method, urljoin(self.base, url), {**authorization, **(headers or {})}, b"" if method == "POST" else None)

    def _token(self, parts: t.Mapping[str, str], login: Credential | None, scope: str | None) -> Reply:
        realm = parts.get("realm", "")
        if urlsplit(realm).scheme != "https" and not self.base.startswith("http:"):
            raise NoAnswer(f"{self.host} wants the login sent to {realm or 'nowhere'}, which is not https; it was not sent")
        words = {"service": parts.get("service", ""), **({"scope": scope} if scope else {})}
        if login and login.identity:
            form = {**words, "grant_type": "refresh_token", "client_id": "docker", "refresh_token": login.secret}
            return self.web.send("POST", realm, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form).encode())
        account = {"account": login.user} if login else {}
        headers = {"Authorization": f"Basic {login.basic}"} if login else {}
        return self.web.send("GET", f"{realm}{'&' if '?' in realm else '?'}{urlencode({**words, **account})}", headers)

    def accepts(self, login: Credential) -> Check:
        """Whether a login works at all. Raises NoAnswer where the registry does not say."""
        reply = self.ask("GET", "/v2/", login)
        if reply.status == 200:
            return Check("login", self.name, "passed", f"{self.name} accepts the login of {login.user}")
        if reply.status in (400, 401, 403):
            return _refused("login", self.name, reply, f"{self.name} refuses the login of {login.user}")
        raise NoAnswer(f"{self.name} answered {reply.said} when it was asked about the login of {login.user}")

    def can_pull(self, wanted: Image, login: Credential | None, must_exist: bool = True) -> Check:
        """Asks for the manifest, which is the first thing that a pull does. Raises NoAnswer."""
        url, scope = f"/v2/{wanted.repository}/manifests/{wanted.reference}", f"repository:{wanted.repository}:pull"
        # HEAD does not count against the limit of Docker Hub; GET says why not
        reply = self.ask("HEAD", url, login, scope, {"Accept": MANIFESTS})
        if reply.status != 200:
            reply = self.ask("GET", url, login, scope, {"Accept": MANIFESTS})
        if reply.status == 200:
            return Check("pull", wanted.name, "passed", f"the manifest of {wanted.name} can be read")
        if reply.status == 404 and not must_exist:
            return Check("pull", wanted.name, "skipped", f"there is no {wanted.name} yet, so nothing is proven: {reply.said}")
        if reply.status in (401, 403, 404):
            return _refused("pull", wanted.name, reply, f"{wanted.name} cannot be pulled")
        raise NoAnswer(f"{self.name} answered {reply.said} when it was asked for {wanted.name}")

    def can_push(self, wanted: Image, login: Credential | None) -> Check:
        """Starts an upload and cancels it; nothing is sent, and nothing is left. Raises NoAnswer."""
        subject = f"{wanted.registry}/{wanted.repository}"
        scope = f"repository:{wanted.repository}:pull,push"
        reply = self.ask("POST", f"/v2/{wanted.repository}/blobs/uploads/", login, scope)
        if reply.status in (401, 403, 404):
            return _refused("push", subject, reply, f"{subject} cannot be pushed")
        if reply.status != 202:
            raise NoAnswer(f"{self.name} answered {reply.said} when an upload to {subject} was to begin")
        left = self._cancelled(reply, login, f"{scope},delete")
        return Check("push", subject, "passed", f"an upload to {subject} may begin{left}")

    def _cancelled(self, reply: Reply, login: Credential | None, scope: str) -> str:
        """Empty, or what became of the upload otherwise."""
        place = urljoin(self.base, reply.headers.get("Location") or "")
        if not place.startswith(f"{self.base}/v2/"):
            return "; it was not cancelled, because it is elsewhere, and the registry discards it by itself"
        try:
            answer = self.ask("DELETE", place, login, scope)
        except NoAnswer as error:
            return f"; it could not be cancelled ({error}), and the registry discards it by itself"
        return "" if answer.status < 300 else f"; it could not be cancelled ({answer.said}), and the registry discards it by itself"


def scopes(web: Web, api_url: str, login: Credential, needed: t.Sequence[str]) -> tuple[Check, datetime | None]:
    """Whether GitHub says that a token has the scopes, and when it expires."""
    subject = ", ".join(needed)

    def check(outcome: str, reason: str, advice: str | None = None) -> Check:
        return Check("scopes", subject, outcome, reason, advice)

    if login.identity:
        return check("skipped", "the login is a token of the registry, not of GitHub"), None
    try:
        reply = web.send(
            "GET",
            f"{api_url.rstrip('/')}/user",
            {"Authorization": f"Bearer {login.secret}", "Accept": "application/vnd.github+json"},
        )
    except NoAnswer as error:
        return check("skipped", f"GitHub's API cannot be asked: {error}"), None
    expires = _moment(reply.headers.get("github-authentication-token-expiration"))
    if reply.status == 401:
        return check("failed", f"GitHub refuses the token: {reply.said}", explain(reply.said) or explain("Bad credentials")), expires
    granted = reply.headers.get("X-OAuth-Scopes")
    if granted is None:
        classic = "; ghcr.io takes personal access tokens (classic) only" if login.secret.startswith("github_pat_") else ""
        return check("skipped", f"GitHub names no scopes of this kind of token ({reply.status}){classic}"), expires
    have = {name.strip() for name in granted.split(",") if name.strip()}
    have.update(*(IMPLIED.get(name, set()) for name in tuple(have)))
    lacking = [name for name in needed if name not in have]
    if lacking:
        reason = f"the token of {login.user} lacks {', '.join(lacking)}; it has {', '.join(sorted(have)) or 'no scope at all'}"
        return check("failed", reason, explain("does not match expected scopes")), expires
    return check("passed", f"the token has {subject}"), expires


def _refused(check: str, subject: str, reply: Reply, what: str) -> Check:
    # The words tell more than the status, which is 401 where others say 403
    return Check(check, subject, "failed", f"{what}: {reply.said}", explain(_message(reply.body)) or explain(_meaning(reply.status)))


def _meaning(status: int) -> str:
    return {401: "unauthorized", 404: "404"}.get(status, "denied")


def loopback(host: str) -> bool:
    name = host.rpartition(":")[0] or host
    try:
        return name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _challenge(reply: Reply) -> tuple[str, dict[str, str]]:
    """Kind and parts of how to authenticate; a token rather than the password itself. Raises NoAnswer."""
    offered = {}
    for header in reply.headers.get_all("WWW-Authenticate") or []:
        kind, _space, rest = header.partition(" ")
        offered[kind.lower()] = {name.lower(): value for name, value in re.findall(r'(\w+)="([^"]*)"', rest)}
    for kind in ("bearer", "basic"):
        if kind in offered:
            return kind, offered[kind]
    raise NoAnswer(f"it asks for a login in a way that nobody knows: {', '.join(offered) or 'no WWW-Authenticate'}")


def _json(body: str) -> dict[str, t.Any]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _message(body: str) -> str:
    """What an answer says: a registry's errors, or the one text of a token service or of GitHub."""
    content = _json(body)
    errors = content.get("errors")
    if isinstance(errors, list):
        entries = [item for item in errors if isinstance(item, dict)]
        return "; ".join(f"{str(item.get('code') or '').lower()}: {item.get('message') or ''}".strip(": ") for item in entries)
    return next((str(content[name]) for name in ("message", "details", "error_description", "error") if content.get(name)), "")


def _moment(text: str | None) -> datetime | None:
    """GitHub writes ``2026-12-01 10:00:00 UTC`` and ``2026-12-01 10:00:00 +0200``."""
    try:
        return datetime.strptime((text or "").replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S %z").astimezone(timezone.utc)
    except ValueError:
        return None
