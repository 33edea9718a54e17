# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy labels that Coolify generates for an application or for a container of a service: Traefik's and Caddy's, each sorted."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from .core import Row


@dataclass(frozen=True)
class _Domain:
    number: int
    scheme: str
    host: str
    path: str
    port: str
    hidden: bool
    """Kept out of search engines (noindex_domains)."""


def application_labels(app: Row, network: str) -> str:
    if not app["fqdn"]:
        return ""
    ports = ["80"] if app["settings"]["is_static"] else (app["ports_exposes"] or "").split(",")
    domains = _domains(app, ports[0])
    return "\n".join(sorted(_traefik(app, domains)) + sorted(_caddy(app, domains, network)))


def container_labels(container: Row, uuid: str, segment: str) -> list[str]:
    """Of a service's container that has domains; ``segment`` is what its routers' names end with."""
    if not container["fqdn"]:
        return []
    like_an_application = {**container, **_NO_PASSWORD, "uuid": uuid, "settings": container}
    domains = _domains(like_an_application, "")
    return sorted(_traefik(like_an_application, domains, f"-{segment}")) + sorted(_caddy(like_an_application, domains, uuid))


_NO_PASSWORD: Row = {"is_http_basic_auth_enabled": False}


def _domains(app: Row, port: str) -> list[_Domain]:
    hidden = {url.rstrip("/") for url in app["noindex_domains"] or ()}
    domains = []
    for number, url in enumerate(app["fqdn"].split(",")):
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2].partition(":")[0]
        domains.append(_Domain(number, parts.scheme, host, parts.path or "/", str(parts.port or port), url.rstrip("/") in hidden))
    return domains


def _password_hash(app: Row) -> str | None:
    """Coolify hashes anew each time; a salt that changes with each call shows that labels move."""
    if not (app["is_http_basic_auth_enabled"] and app["http_basic_auth_username"] and app["http_basic_auth_password"]):
        return None
    app["_hashes"] = app.get("_hashes", 0) + 1
    return "$2y$10$" + hashlib.sha256(f"{app['http_basic_auth_password']}{app['_hashes']}".encode()).hexdigest()[:53]


def _traefik(app: Row, domains: list[_Domain], ending: str = "") -> t.Iterator[str]:
    settings, uuid = app["settings"], app["uuid"]
    middle = "traefik.http.middlewares"
    yield "traefik.enable=true"
    if settings["is_gzip_enabled"]:
        yield f"{middle}.gzip.compress=true"
    yield f"{middle}.redirect-to-https.redirectscheme.scheme=https"
    password = _password_hash(app)
    if password:
        yield f"{middle}.http-basic-auth-{uuid}.basicauth.users={app['http_basic_auth_username']}:{password}"
    for domain in domains:
        main = f"{'https' if domain.scheme == 'https' else 'http'}-{domain.number}-{uuid}{ending}"
        chain = []
        if domain.hidden:
            yield f"{middle}.{domain.number}-{uuid}-noindex.headers.customresponseheaders.X-Robots-Tag=noindex, nofollow"
        if domain.path != "/" and settings["is_stripprefix_enabled"]:
            yield f"{middle}.{main}-stripprefix.stripprefix.prefixes={domain.path}"
            chain.append(f"{main}-stripprefix")
        if settings["is_gzip_enabled"]:
            chain.append("gzip")
        www = domain.host.startswith("www.")
        if (app["redirect"] == "non-www" and www) or (app["redirect"] == "www" and not www):
            name = f"{domain.number}-{uuid}-to-{app['redirect']}"
            pattern, target = (r"www\.(.+)", "") if www else (r"(?:www\.)?(.+)", "www.")
            yield f"{middle}.{name}.redirectregex.regex=^(http|https)://{pattern}"
            yield f"{middle}.{name}.redirectregex.replacement=${{1}}://{target}${{2}}"
            yield f"{middle}.{name}.redirectregex.permanent=false"
            chain.append(name)
        if password:
            chain.append(f"http-basic-auth-{uuid}")
        if domain.hidden:
            chain.append(f"{domain.number}-{uuid}-noindex")
        yield from _router(main, domain, chain)
        if domain.scheme == "https":
            yield f"traefik.http.routers.{main}.tls=true"
            yield f"traefik.http.routers.{main}.tls.certresolver=letsencrypt"
            noindex = [f"{domain.number}-{uuid}-noindex"] if domain.hidden else []
            yield from _router(
                f"http-{domain.number}-{uuid}{ending}",
                domain,
                [*noindex, "redirect-to-https"] if settings["is_force_https_enabled"] else chain,
            )


def _router(name: str, domain: _Domain, chain: list[str]) -> t.Iterator[str]:
    router = f"traefik.http.routers.{name}"
    yield f"{router}.rule=Host(`{domain.host}`) && PathPrefix(`{domain.path}`)"
    yield f"{router}.entryPoints={name.split('-')[0]}"
    if domain.port:
        yield f"{router}.service={name}"
        yield f"traefik.http.services.{name}.loadbalancer.server.port={domain.port}"
    if chain:
        yield f"{router}.middlewares={','.join(chain)}"


def _caddy(app: Row, domains: list[_Domain], network: str) -> t.Iterator[str]:
    settings = app["settings"]
    yield f"caddy_ingress_network={network}"
    password = _password_hash(app)
    for domain in domains:
        site = f"caddy_{domain.number}"
        handle = "handle_path" if settings["is_stripprefix_enabled"] else "handle"
        both = domain.scheme == "https" and not settings["is_force_https_enabled"]
        yield f"{site}=" + (f"http://{domain.host}, https://{domain.host}" if both else f"{domain.scheme}://{domain.host}")
        if domain.hidden:
            yield f"{site}.header.0_-Server="
            yield f'{site}.header.1_X-Robots-Tag="noindex, nofollow"'
        else:
            yield f"{site}.header=-Server"
        yield f"{site}.try_files={{path}} /index.html /index.php"
        yield f"{site}.{handle}.{domain.number}_reverse_proxy={{{{upstreams{f' {domain.port}' if domain.port else ''}}}}}"
        yield f"{site}.{handle}={domain.path}*"
        if settings["is_gzip_enabled"]:
            yield f"{site}.encode=zstd gzip"
        scheme = domain.scheme if settings["is_force_https_enabled"] else "{scheme}"
        www = domain.host.startswith("www.")
        if app["redirect"] == "www" and not www:
            yield f"{site}.redir={scheme}://www.{domain.host}{{uri}}"
        if app["redirect"] == "non-www" and www:
            yield f"{site}.redir={scheme}://{domain.host.replace('www.', '')}{{uri}}"
        if password:
            yield f'{site}.basicauth.{app["http_basic_auth_username"]}="{password}"'
