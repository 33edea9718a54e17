# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is asked of a site, once. Nothing is judged here."""

from __future__ import annotations

import re
import secrets
import typing as t
from dataclasses import dataclass, replace
from functools import cached_property, partial
from urllib.parse import urljoin, urlsplit

from .._diagnosis import probes
from .._diagnosis.probes import Certificate, Reply
from . import browser, page
from .browser import Console
from .page import Reference

MOST_BYTES = 2_000_000
MOST_ASSETS = 1000
MOST_REDIRECTS = 10
ABSENT = ("css", "json")
"""Endings of files that are asked for though they cannot be there: often a fallback spares only those that its author thought of."""
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Answer:
    """The last answer of a way of redirects; ``way`` are the addresses before it."""

    last: Reply
    way: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return self.last.url

    @property
    def status(self) -> int | None:
        return self.last.status

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.last.headers.items() if key.lower() == name.lower()), None)

    @property
    def told(self) -> str:
        """What came, for a sentence."""
        return f"HTTP {self.status}" if self.status else self.last.error


@dataclass(frozen=True)
class Asset:
    reference: Reference
    answer: Answer


@dataclass(frozen=True)
class Seen:
    """What the site answered. None is what nobody asked for."""

    site: str
    pages: tuple[Answer, ...] = ()
    health: Answer | None = None
    plain: Reply | None = None
    certificate: Certificate | None = None
    assets: tuple[Asset, ...] = ()
    more: int = 0
    """Assets beyond the first MOST_ASSETS."""
    absent: tuple[Answer, ...] = ()
    """The answers for files that cannot be there."""
    console: tuple[tuple[str, Console], ...] = ()

    @cached_property
    def places(self) -> set[str]:
        """The host and port of the site, with and without www where it redirects."""
        return {urlsplit(url).netloc for url in (self.site, *(page.url for page in self.pages)) if same_site(url, self.site)}

    def is_own(self, url: str) -> bool:
        return urlsplit(url).netloc in self.places


def same_site(url: str, site: str) -> bool:
    """Whether they differ in nothing but www."""
    one, other = ((urlsplit(item).hostname or "").lower() for item in (url, site))
    return re.sub(r"\Awww\.", "", one) == re.sub(r"\Awww\.", "", other)


class Visitor:
    """One visit, with the module's options."""

    def __init__(self, options: t.Mapping[str, t.Any]) -> None:
        self.options = options
        self.site = options["site"].rstrip("/")
        self.host, self.port = probes.host_and_port(self.site)
        self.address = options["address"] or ""
        self.checks = options["checks"]

    @property
    def secure(self) -> bool:
        return self.site.lower().startswith("https://")

    def ask(self, url: str, most: int = 4096) -> Reply:
        own = urlsplit(url).hostname == self.host
        return probes.exchange(url, self.options["timeout"], most, self.address if own else "")

    def follow(self, url: str, most: int = 4096) -> Answer:
        way: list[str] = []
        while True:
            reply = self.ask(url, most)
            target = next((value for name, value in reply.headers.items() if name.lower() == "location"), "")
            if reply.status not in REDIRECTS or not target:
                return Answer(reply, tuple(way))
            way.append(url)
            url = urljoin(url, target)
            if url in way or len(way) > MOST_REDIRECTS:
                return Answer(replace(reply, error="redirects in a circle", status=None), (*way, url))

    def visit(self) -> Seen:
        wants = {name: name in self.checks for name in ("health_endpoint", "certificate", "redirect", "assets", "console")}
        at_pages = partial(self.follow, most=MOST_BYTES)
        pages = tuple(probes.each(at_pages, [urljoin(f"{self.site}/", path.lstrip("/")) for path in self.options["pages"]]))
        assets, more = self.assets(pages) if wants["assets"] or "security_headers" in self.checks else ((), 0)
        absent = [f"{self.site}/site-check-{secrets.token_hex(6)}.{ending}" for ending in ABSENT]
        return Seen(
            self.site,
            pages,
            health=self.follow(self.site + self.options["health_path"]) if wants["health_endpoint"] else None,
            plain=self.ask(f"http://{self.host}{_port(self.options['http_port'], 80)}/") if wants["redirect"] and self.secure else None,
            certificate=self.certificate() if wants["certificate"] and self.secure else None,
            assets=assets,
            more=more,
            absent=tuple(probes.each(self.follow, absent)) if pages[0].status else (),
            console=self.console() if wants["console"] and self.options["browser"] else (),
        )

    def certificate(self) -> Certificate:
        return probes.presented(self.host, self.port, self.options["site_ca_path"], self.address)

    def assets(self, pages: t.Sequence[Answer]) -> tuple[tuple[Asset, ...], int]:
        """What the pages refer to, and what their style sheets do, and so on."""
        shown = [item for item in pages if item.status and item.status < 400 and "html" in (item.header("content-type") or "html")]
        todo = [reference for item in shown for reference in page.of_page(item.last.text, item.url)]
        found: dict[str, Asset] = {}
        while todo:
            new = list({item.url: item for item in reversed(todo) if item.url not in found and self.wanted(item)}.values())[::-1]
            left = new[: MOST_ASSETS - len(found)]
            if len(left) < len(new):
                return tuple(found.values()), len(new)
            answers = probes.each(lambda item: self.follow(item.url, MOST_BYTES if _may_refer(item) else 4096), left)
            found.update({item.url: Asset(item, answer) for item, answer in zip(left, answers)})
            todo = [
                reference
                for answer in answers
                if "css" in (answer.header("content-type") or "")
                for reference in page.of_style(answer.last.text, answer.url)
            ]
        return tuple(found.values()), 0

    def wanted(self, item: Reference) -> bool:
        return self.options["external_assets"] or urlsplit(item.url).netloc == urlsplit(self.site).netloc

    def console(self) -> tuple[tuple[str, Console], ...]:
        extra = [f"--host-resolver-rules=MAP {self.host} {self.address}"] if self.address else []
        # Whether it is trusted is the certificate's check, and the browser knows no site_ca_path
        extra.append("--ignore-certificate-errors")
        urls = [urljoin(f"{self.site}/", path.lstrip("/")) for path in self.options["pages"]]
        return tuple((url, browser.look(self.options["browser"], url, 3 * self.options["timeout"], extra)) for url in urls)


def _may_refer(item: Reference) -> bool:
    return urlsplit(item.url).path.lower().endswith(".css") or item.by.startswith("link")


def _port(port: int, usual: int) -> str:
    return "" if port == usual else f":{port}"
