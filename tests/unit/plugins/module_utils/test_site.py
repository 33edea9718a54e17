# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pages refer to, and how what was seen of a site is judged."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._diagnosis.probes import Certificate, Reply
from ansible_collections.selfhosted.coolify.plugins.module_utils._site import checks, page
from ansible_collections.selfhosted.coolify.plugins.module_utils._site.browser import Console
from ansible_collections.selfhosted.coolify.plugins.module_utils._site.visit import Answer, Asset, Seen

SITE = "https://www.example.com"


@pytest.mark.parametrize(
    "html, found",
    [
        ('<script src="a.js"></script><script>var url = "b.js"</script>', ["/docs/a.js"]),
        ('<link rel="shortcut icon" href=/f.ico><link rel=canonical href=/x><link rel=preconnect href=//cdn.test>', ["/f.ico"]),
        ('<link rel=stylesheet href="a.css?v=2#top">', ["/docs/a.css?v=2"]),
        ('<img src=a.png srcset="b.png 1x, c.png 2x,d.png"><source srcset="data:image/png;base64,AA,BB 1x, e.png 2x">', list("abcde")),
        ('<base href="/other/"><img src=a.png><base href=/never/>', ["/other/a.png"]),
        (
            "<video src=a.mp4 poster=b.png><track src=c.vtt></video><object data=d.svg></object>",
            ["/docs/a.mp4", "/docs/b.png", "/docs/c.vtt", "/docs/d.svg"],
        ),
        (
            '<p style="background:url(a.png)"></p><style>@import "b.css"; p{background:url( \'c.png\' )}/* url(d.png) */</style>',
            list("abc"),
        ),
        ('<svg><use href="#icon"/><use xlink:href="i.svg#icon"/></svg>', ["/docs/i.svg"]),
        ('<a href=a.html>x</a><img src="data:,x"><img src=""><img src="mailto:a@b"><iframe src=b.html></iframe>', []),
        ("<input src=a.png><input type=image src=b.png>", ["/docs/b.png"]),
        ('<meta property="og:image" content="https://cdn.test/card.png">', ["https://cdn.test/card.png"]),
        ('<img src="http://[broken"><img src=ok.png>', ["/docs/ok.png"]),
        ("<img src=a.png><img src=a.png>", ["/docs/a.png"]),
        ("<!-- <img src=a.png> --><img src=b.png", []),
    ],
)
def test_what_a_page_refers_to(html, found):
    endings = {"a": "png", "b": "png", "c": "png", "d": "png", "e": "png"}
    if "@import" in html:
        endings["b"] = "css"
    wanted = [f"{SITE}/docs/{item}.{endings[item]}" if item in endings else item if "://" in item else SITE + item for item in found]
    assert [item.url for item in page.of_page(html, f"{SITE}/docs/index.html")] == wanted


def test_what_a_style_sheet_refers_to():
    css = '@import url(\'a.css\'); @import "b.css" print; p { background: URL(c.png) } q { src: url("/d.woff2") , url(data:font/x;base64,AA) }'
    found = page.of_style(css, "https://cdn.test/css/main.css")
    assert [item.url for item in found] == [f"https://cdn.test/{path}" for path in ("css/a.css", "css/b.css", "css/c.png", "d.woff2")]
    assert {item.by for item in found} == {"https://cdn.test/css/main.css"}


OPTIONS: dict[str, t.Any] = {
    "site": SITE,
    "checks": list(checks.CHECKS),
    "pages": ["/"],
    "host_evidence": None,
    "container": None,
    "status": "running:healthy",
    "health_path": "/health",
    "health_text": "OK",
    "issuer": None,
    "min_certificate_days": 15,
    "headers": {"X-Frame-Options": "SAMEORIGIN", "Strict-Transport-Security": ""},
    "external_assets": True,
    "browser": "chromium",
    "site_ca_path": None,
    "fail_on": "failed",
}
GOOD = {"X-Frame-Options": "SAMEORIGIN", "strict-transport-security": "max-age=1"}


def reply(path: str, status: int | None = 200, kind: str = "text/html", text: str = "", error: str = "", **headers: str) -> Answer:
    url = path if "://" in path else SITE + path
    return Answer(Reply(url, status, 0.1, text, error, {"Content-Type": kind, **GOOD, **headers}))


def asset(path: str, *args: t.Any, **kwargs: t.Any) -> Asset:
    answer = reply(path, *args, **kwargs)
    return Asset(page.Reference(answer.url, "link href"), answer)


SEEN = Seen(
    SITE,
    pages=(reply("/"),),
    health=reply("/health", kind="text/plain", text="OK\n"),
    plain=Reply("http://www.example.com/", 302, 0.1, headers={"location": f"{SITE}/"}),
    certificate=Certificate("www.example.com", 60.0, reached=True, issuer="CN=R12,O=Let's Encrypt,C=US"),
    assets=(asset("/a.css", kind="text/css"), asset("https://cdn.test/b.js", kind="text/javascript")),
    absent=(reply("/none.css", 404),),
    console=((f"{SITE}/", Console()),),
)


def judged(name: str, options: dict[str, t.Any] | None = None, **seen: t.Any) -> tuple[str, str]:
    found = checks.judge_all({**OPTIONS, **(options or {})}, dataclasses.replace(SEEN, **seen))
    outcome = next(item for item in found if item.check == name)
    return outcome.outcome, outcome.reason


def test_a_good_site_passes_everything():
    outcomes = checks.judge_all(OPTIONS, SEEN)
    assert [(item.check, item.outcome) for item in outcomes] == [(name, "passed") for name in checks.CHECKS], outcomes
    assert "issued by CN=R12" in judged("certificate")[1]


def test_what_nobody_saw_is_skipped():
    nothing = Seen(SITE, pages=(reply("/", None, error="refused"),))
    outcomes = {item.check: item.outcome for item in checks.judge_all({**OPTIONS, "status": None, "browser": None}, nothing)}
    assert outcomes.pop("https") == "failed" and set(outcomes.values()) == {"skipped"}


CONTAINER = {"id": "1" * 12, "name": "site-1", "state": "running", "health": "healthy", "labels": {}, "coolify": {"name": "site"}}
NO_ROUTE = "404 page not found\n"


@pytest.mark.parametrize(
    "check, options, seen, outcome, told",
    [
        ("container_health", {"status": "running:unhealthy"}, {}, "failed", "running:unhealthy"),
        ("container_health", {"status": "exited"}, {}, "failed", "exited"),
        ("container_health", {"status": "running:unknown"}, {}, "skipped", "no health check"),
        ("container_health", {"host_evidence": {"containers": [CONTAINER]}, "container": "site"}, {}, "passed", "running and healthy"),
        (
            "container_health",
            {"host_evidence": {"containers": [{**CONTAINER, "health": None}]}, "container": "site"},
            {},
            "failed",
            "without a health",
        ),
        (
            "container_health",
            {"host_evidence": {"containers": [CONTAINER]}, "container": "other"},
            {},
            "failed",
            "there is no container of other",
        ),
        (
            "container_health",
            {"host_evidence": {"missing": [{"what": "docker", "why": "denied"}]}, "container": "site"},
            {},
            "skipped",
            "denied",
        ),
        ("health_endpoint", {}, {"health": reply("/health", 503, text="no available server")}, "failed", "no healthy container"),
        ("health_endpoint", {}, {"health": reply("/health", text="<html>")}, "failed", "does not contain"),
        (
            "health_endpoint",
            {"host_evidence": {"probes": [{"path": "/health", "container": "a", "port": 80, "status": 500}]}},
            {},
            "failed",
            "HTTP 500",
        ),
        ("https", {}, {"pages": (reply("/", 404, text=NO_ROUTE),)}, "failed", "no router for this name"),
        ("https", {}, {"pages": (reply("/", 404, text="<h1>404</h1>"),)}, "failed", "HTTP 404 instead of 200"),
        ("https", {}, {"pages": (reply("http://www.example.com/"),)}, "failed", "not https"),
        (
            "certificate",
            {},
            {"certificate": Certificate("x", 300.0, reached=True, issuer="CN=TRAEFIK DEFAULT CERT", error="bad")},
            "failed",
            "own",
        ),
        ("certificate", {}, {"certificate": Certificate("x", error="refused")}, "failed", "nothing answers there: refused"),
        ("certificate", {}, {"certificate": Certificate("x", 14.9, reached=True, issuer="CN=R12")}, "failed", "sooner than 15"),
        ("certificate", {"issuer": "Let's Encrypt"}, {"certificate": Certificate("x", 60.0, reached=True)}, "skipped", "cryptography"),
        ("certificate", {"issuer": "ZeroSSL"}, {}, "failed", 'not "ZeroSSL"'),
        ("certificate", {"issuer": "let's encrypt"}, {}, "passed", "60 days"),
        ("redirect", {}, {"plain": Reply("http://x/", 200, 0.1)}, "failed", "instead of a redirect"),
        ("redirect", {}, {"plain": Reply("http://x/", 301, 0.1, headers={"Location": "https://evil.test/"})}, "failed", "evil.test"),
        ("redirect", {}, {"plain": Reply("http://x/", 301, 0.1, headers={"Location": "https://example.com/"})}, "passed", "301"),
        ("redirect", {}, {"plain": Reply("http://x/", None, 0.1, error="refused")}, "failed", "refused"),
        ("security_headers", {"headers": {}}, {}, "skipped", "no header"),
        ("security_headers", {}, {"pages": (reply("/", **{"X-Frame-Options": "DENY"}),)}, "failed", 'X-Frame-Options is "DENY"'),
        ("security_headers", {"headers": {"X-Other": ""}}, {}, "failed", "X-Other is missing"),
        ("security_headers", {}, {"absent": (Answer(Reply(f"{SITE}/none.css", 404, 0.1)),)}, "failed", "/none.css"),
        ("security_headers", {}, {"pages": (reply("/", 404),)}, "skipped", "no page was seen"),
        ("assets", {}, {"assets": (asset("/a.css", 404),)}, "failed", "/a.css: HTTP 404 (from link href)"),
        ("assets", {}, {"assets": (asset("/a.css"),)}, "failed", "a fallback hides that it is missing"),
        ("assets", {}, {"assets": (asset("/a.mjs", kind="application/octet-stream"),)}, "failed", "browsers refuse it"),
        ("assets", {}, {"assets": (asset("/a.png", None, error="timeout"),)}, "failed", "timeout"),
        ("assets", {}, {"absent": (reply("/none.css"),)}, "failed", "a file that cannot be there"),
        ("assets", {}, {"assets": ()}, "skipped", "refer to no assets"),
        ("assets", {}, {"more": 3}, "failed", "more than 1000"),
        ("console", {"browser": ""}, {}, "skipped", "not asked for"),
        ("console", {}, {"console": ((SITE, Console(problem="cannot be started")),)}, "skipped", "cannot be started"),
        ("console", {}, {"console": ((SITE, Console(("Uncaught Error: boom",))),)}, "failed", "boom"),
    ],
)
def test_one_thing_that_is_wrong(check, options, seen, outcome, told):
    found = judged(check, options, **seen)
    assert found[0] == outcome and told in found[1], found


def test_of_a_site_without_tls_some_checks_are_skipped():
    outcomes = checks.judge_all(
        {**OPTIONS, "site": "http://x.test"}, dataclasses.replace(SEEN, site="http://x.test", pages=(reply("http://x.test/"),))
    )
    assert [item.check for item in outcomes if item.outcome == "skipped"] == ["https", "certificate", "redirect"]


def test_it_is_looked_again_only_while_that_can_help(monkeypatch):
    seen = iter([dataclasses.replace(SEEN, health=reply("/health", 503)), SEEN])
    monkeypatch.setattr(checks, "Visitor", lambda options: type("V", (), {"visit": staticmethod(lambda: next(seen))}))
    pauses: list[float] = []
    outcomes, attempts = checks.look({**OPTIONS, "wait_timeout": 60}, lambda: 0.0, pauses.append)
    assert attempts == 2 and pauses == [checks.PAUSE] and all(item.outcome == "passed" for item in outcomes)
    seen = iter([SEEN])
    outcomes, attempts = checks.look({**OPTIONS, "wait_timeout": 60, "status": "exited"}, lambda: 0.0, pauses.append)
    assert attempts == 1 and len(pauses) == 1


def test_the_report_names_what_is_lacking():
    outcomes = checks.judge_all({**OPTIONS, "status": "running:unknown", "browser": ""}, SEEN)
    assert checks.report(OPTIONS, outcomes)["passed"]
    strict = checks.report({**OPTIONS, "fail_on": "skipped"}, outcomes)
    assert not strict["passed"] and strict["failed_checks"] == []
    assert (
        strict["msg"]
        == f"{SITE}: 6 passed, 0 failed, 2 skipped\nskipped container_health: Coolify knows of no health check of the container"
    )


@pytest.mark.parametrize(
    "options, told",
    [
        ({"site": "www.example.com"}, "no http://"),
        ({"site": "https://user:secret@www.example.com"}, "no http://"),
        ({"site": "https://www.example.com:port"}, "no http://"),
        ({"pages": []}, "there has to be one"),
        ({"pages": ["about"]}, "does not begin with /"),
        ({"site_ca_path": "/no/such/file"}, "there is no file"),
        ({}, ""),
    ],
)
def test_options_that_cannot_be_right(options, told):
    found = checks.complaint({**OPTIONS, **options})
    assert told in found and bool(told) == bool(found) and "secret" not in found
