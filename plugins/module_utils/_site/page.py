# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page and a style sheet refer to. Pure: texts in, addresses out."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

# Attributes that make a browser load something with the page; links lead elsewhere and are not among them
LOADED = {
    "audio": ("src",),
    "body": ("background",),
    "embed": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src",),
    "input": ("src",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src",),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
SETS = {"img": "srcset", "source": "srcset", "link": "imagesrcset"}
LINKS = frozenset(
    {"stylesheet", "icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon", "manifest", "preload", "modulepreload"}
)
PICTURES = frozenset({"og:image", "og:image:url", "og:image:secure_url", "twitter:image", "msapplication-tileimage"})
CANDIDATE = re.compile(r"\s*([^\s,]\S*[^\s,]|[^\s,])(?:\s[^,]*)?(?:,|\Z)")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STYLE_URL = re.compile(r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"']*?))\s*\)|@import\s+(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


@dataclass(frozen=True)
class Reference:
    """An absolute address, and what refers to it in words."""

    url: str
    by: str


def of_page(html: str, url: str) -> tuple[Reference, ...]:
    """What a browser loads with the page, each address once, in the page's order."""
    parser = _Page(url)
    parser.feed(html)
    parser.close()
    return _once(parser.found)


def of_style(css: str, url: str, by: str = "") -> tuple[Reference, ...]:
    """What a style sheet refers to: url(...) and @import."""
    found = []
    for match in STYLE_URL.finditer(COMMENT.sub("", css)):
        _add(found, next(part for part in (*match.groups(), "") if part is not None), url, by or url)
    return _once(found)


def _once(found: t.Iterable[Reference]) -> tuple[Reference, ...]:
    return tuple({item.url: item for item in reversed(list(found))}.values())[::-1]


def _add(found: list[Reference], target: str, base: str, by: str) -> None:
    target = target.strip()
    try:
        url = urldefrag(urljoin(base, target)).url
        loads = target and not target.startswith("#") and urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname
    except ValueError:
        return
    if loads:
        found.append(Reference(url, by))


class _Page(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url, self.base = url, url
        self.found: list[Reference] = []
        self.style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in reversed(attrs)}
        if tag == "base" and given.get("href") and self.base == self.url:
            self.base = urljoin(self.url, given["href"])
        wanted = [
            (name, given[name]) for name in LOADED.get(tag, ()) if name in given and not (tag == "input" and given.get("type") != "image")
        ]
        if tag == "link" and LINKS & set(given.get("rel", "").lower().split()):
            wanted.append(("href", given.get("href", "")))
        if tag == "meta" and (given.get("property") or given.get("name") or "").lower() in PICTURES:
            wanted.append(("content", given.get("content", "")))
        if tag in SETS:
            wanted += [(SETS[tag], match[1]) for match in CANDIDATE.finditer(given.get(SETS[tag], ""))]
        for name, value in wanted:
            _add(self.found, value, self.base, f"{tag} {name}")
        if given.get("style"):
            self.found += of_style(given["style"], self.base, f"{tag} style")
        self.style = self.style or tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.style = self.style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self.style:
            self.found += of_style(data, self.base, "style")
