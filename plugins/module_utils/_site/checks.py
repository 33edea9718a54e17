# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is expected of a site after a deployment. Each check is a pure function of what was seen and says passed, failed or skipped.

Nothing counts as passed that nobody saw.
"""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .._host.docker import is_meant
from .visit import MOST_ASSETS, REDIRECTS, Answer, Seen, Visitor, same_site

PAUSE = 5.0
SHOWN = 20
"""Failures that are listed of one check."""
Options = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Outcome:
    check: str
    outcome: str
    reason: str
    seen: t.Mapping[str, t.Any] = field(default_factory=dict)

    @property
    def result(self) -> dict[str, t.Any]:
        return {"check": self.check, "outcome": self.outcome, "reason": self.reason, "seen": dict(self.seen)}


NOT_ASKED = "it was not asked for"
Judged = t.Tuple[str, str, t.Dict[str, t.Any]]
CHECKS: dict[str, t.Callable[[Options, Seen], Judged]] = {}
"""In the order in which they are reported: when an early one fails, the later ones often follow from it."""


def check(judge: t.Callable[[Options, Seen], Judged]) -> t.Callable[[Options, Seen], Judged]:
    CHECKS[judge.__name__] = judge
    return judge


def look(options: Options, now: t.Callable[[], float], sleep: t.Callable[[float], None]) -> tuple[list[Outcome], int]:
    """The outcomes, and how often it was looked: again while something fails that may change, until ``wait_timeout`` is over."""
    end, attempts = now() + options["wait_timeout"], 0
    while True:
        attempts += 1
        outcomes = judge_all(options, Visitor(options).visit())
        failed = {item.check for item in outcomes if item.outcome == "failed"}
        # What the host and Coolify said was given, and stays
        if not failed - {"container_health"} or now() + PAUSE > end:
            return outcomes, attempts
        sleep(PAUSE)


def complaint(options: Options) -> str:
    """What is wrong with the options beyond their types, or nothing."""
    try:
        parts = urlsplit(options["site"])
        usable = parts.scheme in ("http", "https") and parts.hostname and not parts.username and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        return "site: it is no http:// or https:// address, expected https://www.example.com"
    wrong = [path for path in (*options["pages"], options["health_path"]) if not path.startswith("/")]
    if wrong or not options["pages"]:
        return f"pages and health_path: {wrong[0]} does not begin with /" if wrong else "pages: there has to be one"
    if options["site_ca_path"] and not os.path.exists(options["site_ca_path"]):
        return f"site_ca_path: there is no file {options['site_ca_path']} on the machine where the task runs"
    return ""


def report(options: Options, outcomes: t.Sequence[Outcome]) -> dict[str, t.Any]:
    """The part of the result that is about the outcomes."""
    counts = {word: sum(item.outcome == word for item in outcomes) for word in ("passed", "failed", "skipped")}
    bad = [item for item in outcomes if item.outcome == "failed" or (options["fail_on"] == "skipped" and _is_lacking(item))]
    head = f"{options['site']}: {', '.join(f'{count} {word}' for word, count in counts.items())}"
    return {
        "checks": [item.result for item in outcomes],
        "passed": not bad,
        "failed_checks": [item.check for item in outcomes if item.outcome == "failed"],
        "msg": "\n".join([head, *(f"{item.outcome} {item.check}: {item.reason}" for item in bad)]),
    }


def _is_lacking(item: Outcome) -> bool:
    return item.outcome == "skipped" and item.reason != NOT_ASKED


def judge_all(options: Options, seen: Seen) -> list[Outcome]:
    return [
        Outcome(name, *(judge(options, seen) if name in options["checks"] else ("skipped", NOT_ASKED, {})))
        for name, judge in CHECKS.items()
    ]


def _passed(reason: str, **seen: t.Any) -> Judged:
    return "passed", reason, seen


def _failed(reason: str, **seen: t.Any) -> Judged:
    return "failed", reason, seen


def _skipped(reason: str, **seen: t.Any) -> Judged:
    return "skipped", reason, seen


HINTS = {
    # knowledge: what Coolify's Traefik answers when it cannot reach the application
    404: ("404 page not found", "the proxy has no router for this name: the container is gone or unhealthy, or its domain differs"),
    502: ("", "the proxy reaches the container, and nothing listens on the port that it was told"),
    503: ("no available server", "the proxy has no healthy container for this name"),
    504: ("", "the proxy cannot reach the container: look at its networks"),
}


def _hint(answer: Answer) -> str:
    text, told = HINTS.get(answer.status or 0, ("", ""))
    return f": {told}" if told and text in answer.last.text else ""


@check
def container_health(options: Options, _seen: Seen) -> Judged:
    """The container's own health check, as Docker tells it; else as Coolify does."""
    evidence, name, status = options["host_evidence"], options["container"], options["status"]
    if evidence and name:
        missing = [item["why"] for item in evidence.get("missing") or [] if item.get("what") in ("containers", "docker")]
        if missing:
            return _skipped(f"the host could not tell: {missing[0]}")
        # Those of pull requests have the names of the application too
        found = [item for item in evidence.get("containers") or [] if is_meant(item, name) and not item["coolify"].get("pull_request_id")]
        seen = [{"name": item["name"], "state": item["state"], "health": item["health"]} for item in found]
        wrong = [
            f"{item['name']} is {item['state']}, {item['health'] or 'without a health check'}" for item in found if not _is_healthy(item)
        ]
        if not found:
            return _failed(f"there is no container of {name} on the host")
        return _failed("; ".join(wrong) + _log(found), containers=seen) if wrong else _passed("running and healthy", containers=seen)
    if not status:
        return _skipped("neither host_evidence with container nor status was given")
    state, _colon, health = status.partition(":")
    if state == "running" and health == "unknown":
        return _skipped("Coolify knows of no health check of the container", status=status)
    fine = state == "running" and health == "healthy"
    return (_passed if fine else _failed)(f"Coolify says {status}", status=status)


def _is_healthy(item: t.Mapping[str, t.Any]) -> bool:
    return item.get("state") == "running" and item.get("health") == "healthy"


def _log(found: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    last = [
        entry["output"] for item in found if not _is_healthy(item) for entry in (item.get("health_log") or [])[-1:] if entry.get("output")
    ]
    return f"; the last check said: {last[0][-200:]}" if last else ""


@check
def health_endpoint(options: Options, seen: Seen) -> Judged:
    answer, text = seen.health, options["health_text"]
    if answer is None:
        return _skipped("nobody asked")
    shown = {"url": answer.url, "status": answer.status, "text": answer.last.text[:100].strip()}
    probed = [item for item in (options["host_evidence"] or {}).get("probes") or [] if item.get("path") == options["health_path"]]
    shown["from_proxy"] = [{name: item.get(name) for name in ("container", "port", "status", "error")} for item in probed]
    if answer.status != 200:
        return _failed(f"{answer.told} instead of 200{_hint(answer)}", **shown)
    if text and text not in answer.last.text:
        return _failed(f'the answer does not contain "{text}"; a page is not the health endpoint', **shown)
    wrong = [item for item in probed if item.get("status") != 200]
    if wrong:
        told = wrong[0].get("error") or f"HTTP {wrong[0].get('status')}"
        return _failed(f"the proxy gets {told} from {wrong[0].get('container')}, port {wrong[0].get('port')}", **shown)
    also = ", from the proxy's place in the network too" if probed else ""
    return _passed(f"HTTP 200{f', {text}' if text else ''}{also}", **shown)


@check
def https(_options: Options, seen: Seen) -> Judged:
    if not seen.site.lower().startswith("https://"):
        return _skipped("the site is http://")
    shown = {"pages": [{"url": page.url, "status": page.status, "redirected": list(page.way)} for page in seen.pages]}
    for page in seen.pages:
        if page.status != 200:
            return _failed(f"{page.url}: {page.told} instead of 200{_hint(page)}", **shown)
        if not page.url.lower().startswith("https://"):
            return _failed(f"it leads to {page.url}, which is not https", **shown)
    return _passed("HTTP 200", **shown)


@check
def certificate(options: Options, seen: Seen) -> Judged:
    found, wanted = seen.certificate, options["issuer"]
    if not seen.site.lower().startswith("https://"):
        return _skipped("the site is http://")
    if found is None:
        return _skipped("nobody asked")
    shown = {"issuer": found.issuer or None, "days": found.days}
    if not found.reached:
        return _failed(f"nothing answers there: {found.error}", **shown)
    if found.default:
        return _failed("it is the proxy's own, TRAEFIK DEFAULT CERT: there is none for this name yet", **shown)
    if found.error or found.days is None:
        return _failed(f"it is not trusted: {found.error or 'it tells no date'}", **shown)
    if found.days < options["min_certificate_days"]:
        return _failed(f"it expires in {found.days:g} days, sooner than {options['min_certificate_days']}", **shown)
    if wanted and not found.issuer:
        return _skipped("the library cryptography, which reads the issuer, is not there", **shown)
    if wanted and wanted.lower() not in found.issuer.lower():
        return _failed(f'"{found.issuer}" issued it, not "{wanted}"', **shown)
    return _passed(f"trusted, {found.days:g} days left, issued by {found.issuer or 'an unknown one'}", **shown)


@check
def redirect(_options: Options, seen: Seen) -> Judged:
    plain = seen.plain
    if not seen.site.lower().startswith("https://"):
        return _skipped("the site is http://")
    if plain is None:
        return _skipped("nobody asked")
    target = next((value for name, value in plain.headers.items() if name.lower() == "location"), "")
    shown = {"url": plain.url, "status": plain.status, "location": target or None}
    if plain.status is None:
        return _failed(f"{plain.url}: {plain.error}", **shown)
    if plain.status not in REDIRECTS:
        return _failed(f"{plain.url} answers HTTP {plain.status} instead of a redirect to https", **shown)
    if not target.lower().startswith("https://") or not same_site(target, seen.site):
        return _failed(f"{plain.url} leads to {target or 'nowhere'}", **shown)
    return _passed(f"HTTP {plain.status} to {target}", **shown)


@check
def security_headers(options: Options, seen: Seen) -> Judged:
    """On pages, on what they load from the site itself, and on an error page: nginx drops them where a location has an add_header of its own."""
    wanted = options["headers"]
    looked = [
        *seen.pages,
        *(item.answer for item in seen.assets if seen.is_own(item.reference.url)),
        *seen.absent,
    ]
    looked = [answer for answer in looked if answer.status and seen.is_own(answer.url)]
    if not wanted:
        return _skipped("no header is expected")
    if not any(page.status == 200 for page in seen.pages):
        # What answers then may be the proxy
        return _skipped("no page was seen")
    if not looked:
        return _skipped("no answer of the site itself was seen")
    wrong = {}
    for answer in looked:
        differs = [_difference(name, value, answer.header(name)) for name, value in wanted.items()]
        if any(differs):
            wrong[answer.url] = ", ".join(text for text in differs if text)
    shown = {"headers": {name: seen.pages[0].header(name) for name in wanted}, "answers": len(looked)}
    if wrong:
        first = next(iter(wrong))
        more = f" (and of {len(wrong) - 1} more answers)" if len(wrong) > 1 else ""
        return _failed(f"{first}{more}: {wrong[first]}", **shown, wrong=dict(list(wrong.items())[:SHOWN]))
    among = "error pages among them" if any((answer.status or 0) >= 400 for answer in looked) else "no error page among them"
    return _passed(f"{len(wanted)} headers on {len(looked)} answers, {among}", **shown)


def _difference(name: str, wanted: t.Any, found: str | None) -> str:
    """An empty value wants the header, whatever it says."""
    if found is None:
        return f"{name} is missing"
    return f'{name} is "{found}"' if wanted not in (None, "") and found.strip() != str(wanted).strip() else ""


TYPES = {"css": "text/css", "js": "javascript", "mjs": "javascript"}


@check
def assets(options: Options, seen: Seen) -> Judged:
    if not any(page.status == 200 for page in seen.pages):
        return _skipped("no page was seen")
    # First, because it can make all the others look fine
    wrong = {
        item.url: f"{item.told} for a file that cannot be there: a fallback hides what is missing"
        for item in seen.absent
        if item.status and item.status < 400
    }
    told = {item.reference: _asset_problem(item.answer) for item in seen.assets}
    wrong.update({reference.url: f"{problem} (from {reference.by})" for reference, problem in told.items() if problem})
    shown = {"assets": len(seen.assets), "absent_statuses": [item.status for item in seen.absent]}
    if wrong:
        first = next(iter(wrong))
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        # No other version of the site mends that
        elsewhere = {} if any(seen.is_own(url) for url in wrong) else {"elsewhere": True}
        return _failed(f"{first}{more}: {wrong[first]}", **shown, **elsewhere, wrong=dict(list(wrong.items())[:SHOWN]))
    if seen.more:
        return _failed(f"the pages refer to more than {MOST_ASSETS}; {seen.more} were not looked at", **shown)
    if not seen.assets:
        where = "" if options["external_assets"] else " of the site itself"
        return _skipped(f"the pages refer to no assets{where}", **shown)
    return _passed(f"all {len(seen.assets)} are there, and what is not there is answered with an error", **shown)


def _asset_problem(answer: Answer) -> str:
    kind = (answer.header("content-type") or "").lower()
    ending = urlsplit(answer.url).path.rpartition(".")[2].lower() if "." in urlsplit(answer.url).path else ""
    if answer.status is None or not 200 <= answer.status < 300:
        return answer.told
    if ending and ending not in ("html", "htm", "php") and kind.startswith("text/html"):
        return f"HTTP {answer.status} with a page instead of .{ending}: a fallback hides that it is missing"
    if ending in TYPES and TYPES[ending] not in kind:
        return f'it is "{kind}", and browsers refuse it with X-Content-Type-Options: nosniff'
    return ""


@check
def console(options: Options, seen: Seen) -> Judged:
    if not options["browser"]:
        return _skipped(NOT_ASKED)
    unseen = [f"{url}: {found.problem}" for url, found in seen.console if found.problem]
    errors = {url: list(found.errors[:SHOWN]) for url, found in seen.console if found.errors}
    if errors:
        url, texts = next(iter(errors.items()))
        return _failed(f"{url}: {texts[0]}{f' (and {len(texts) - 1} more)' if len(texts) > 1 else ''}", errors=errors)
    if unseen or not seen.console:
        return _skipped(f"nobody could look: {unseen[0] if unseen else 'no page'}")
    return _passed(f"no errors on {len(seen.console)} page{'s' if len(seen.console) > 1 else ''}")
