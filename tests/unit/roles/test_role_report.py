# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_report, and its playbook with the page in a real browser."""

from __future__ import annotations

import sys

import pytest
import yaml

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import report as module
from ansible_collections.selfhosted.coolify.tests.unit.browser import DARK, corner, dom, evaluate, needs_chromium, pages
from ansible_collections.selfhosted.coolify.tests.unit.controller import command
from ansible_collections.selfhosted.coolify.tests.unit.deploying import IMAGE

SECRET = "never-in-a-report"
HOSTILE = "</title><img src=x onerror=alert(1)> & | `x`"


@pytest.fixture
def estate(run, simulator):
    """A healthy application with two deployments of which one failed, one that never ran, a database, a server that is lost."""
    run("app", **IMAGE, secrets={"KEY": SECRET}, state="deployed")
    run("deploy", project="demo", name="web", deploy="always")
    run("app", **{**IMAGE, "name": "worker"})
    run("db", project="demo", name="cache", type="redis", server="localhost", redis_password=SECRET)
    run("app", **IMAGE, domains=["https://shop.invalid", "https://www.shop.invalid:3000"])
    lost = simulator.coolify.add_server(name="lost", ip="203.0.113.9", private_key_id=1)
    lost["settings"].update(is_reachable=False, is_usable=False)
    rows = simulator.coolify.rows("deployments")
    times = {"created_at": "2026-11-24T10:00:00.000000Z"}
    rows[0].update(**times, finished_at="2026-11-24T10:01:30.000000Z", status="failed")
    rows[1].update(**times, finished_at="2026-11-24T10:00:45.000000Z", status="finished", commit_message=HOSTILE)
    simulator.coolify.one("applications", name="web")["status"] = "running:healthy"
    simulator.coolify.one("applications", name="worker")["description"] = HOSTILE
    simulator.clear_requests()
    return simulator


def test_the_data(estate, run):
    result = run("report", token="read")
    report = result["report"]
    assert result["status"] == "issues_detected" and not result["changed"] and not estate.writes
    assert SECRET not in str(report) and "10.0.0" not in str(report)
    assert [item["name"] for item in report["applications"]] == ["worker", "web"]
    web = report["applications"][1]
    assert [(one["status"], one["seconds"]) for one in web["deployments"]] == [("failed", 90.0), ("finished", 45.0)]
    assert [(way["domain"], way["proxy"], way["server"], way["port"]) for way in web["ways"]] == [
        ("https://shop.invalid", "traefik", "localhost", "80"),
        ("https://www.shop.invalid:3000", "traefik", "localhost", "3000"),
    ]
    assert [item["host"] for item in report["certificates"]] == ["shop.invalid", "www.shop.invalid"]
    told = {(item["resource"], item["severity"]) for item in report["findings"]}
    assert {("server lost", "critical"), ("application worker", "high"), ("database cache", "high"), ("shop.invalid", "high")} <= told
    assert all(item["cause"] and item["recommended_fix"] for item in report["findings"])


def test_what_is_chosen(estate, run):
    assert run("report", project="demo", environment="production", probe=False, diagnose=False)["report"]["certificates"] == []
    run("project", name="empty")
    assert run("report", project="empty")["report"]["applications"] == []
    estate.clear_requests()
    run("report", deployments=0, diagnose=False, probe=False)
    assert not [item for item in estate.requests if item.path.startswith("/deployments")]
    assert run("report", project="absent")["code"] == 609
    assert run("report", environment="production")["code"] == run("report", deployments=101)["code"] == 606


def test_certificates_are_judged_by_their_days():
    same = {"applications": ["web"], "issuer": None}
    items = [
        {"host": "soon", "days": 3.2, "error": None, "reached": True, **same},
        {"host": "fine", "days": 60.0, "error": None, "reached": True, **same},
        {"host": "foreign", "days": 60.0, "error": "self-signed certificate", "reached": True, **same},
        {"host": "away", "days": None, "error": "Name or service not known", "reached": False, **same},
    ]
    told = {item["resource"]: item["cause"] for item in module._of_certificates(items)}
    assert told == {
        "soon": "its certificate ends in 3.2 days",
        "foreign": "its certificate is not trusted: self-signed certificate",
        "away": "its certificate cannot be seen from here: Name or service not known",
    }


@pytest.fixture
def written(estate, run, tmp_path):
    """The page and the Markdown of the playbook."""
    estate.coolify.one("applications", name="worker")["name"] = HOSTILE
    declared = [
        {
            "project": "demo",
            "server": "localhost",
            "applications": [{"name": "web", "docker_registry_image_tag": "better"}],
            "secrets": {"X": SECRET},
        },
        {"project": "demo", "databases": [{"name": "cache", "type": "redis"}]},
        {"project": "demo", "databases": [{"name": "new", "type": "redis"}]},
    ]
    (tmp_path / "declared.yml").write_text(yaml.safe_dump({"declared": declared}))
    words = (
        "ansible-playbook",
        "selfhosted.coolify.report",
        "-e",
        "@declared.yml",
        "-e",
        f"ansible_python_interpreter={sys.executable}",
        "-v",
    )
    done = command(*words, "-e", "title=Estate", simulator=estate, folder=tmp_path, PWD=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr and not [item for item in estate.writes if item.method != "POST" or item.status < 400]
    page, text = tmp_path / "coolify-report.html", tmp_path / "coolify-report.md"
    for path in (page, text):
        assert path.stat().st_mode & 0o777 == 0o600
        assert SECRET not in path.read_text() and estate.tokens["root"] not in path.read_text()
    return page, text


def test_markdown(written):
    text = written[1].read_text()
    assert (
        text.startswith("# Estate\n")
        and "| web (demo/production) | running:healthy | https://shop.invalid → traefik → localhost → web:80; " in text
    )
    assert "failed 1 min 30 s, finished 45.0 s" in text and "never deployed" in text
    assert '- demo/production: differs\n  - set docker_registry_image_tag of application "web"' in text
    assert "- demo/production: as declared" in text and "could not be compared" in text
    assert "<img" not in text and all(line.count(" | ") >= 1 for line in text.splitlines() if line.startswith("| "))


@needs_chromium
def test_the_page_in_a_browser(written):
    page = written[0]
    shown = dom(page)
    assert "<img" not in shown and "onerror=alert(1)&gt;" in shown
    facts = """({
      title: document.title,
      tiles: [...document.querySelectorAll('.tiles strong')].map(one => one.innerText),
      sections: [...document.querySelectorAll('section[id]')].map(one => one.id),
      ways: [...document.querySelectorAll('#applications tr:last-child .way')].map(one => [...one.children].map(part => part.innerText)),
      bars: [...document.querySelectorAll('svg rect')].map(one => [one.getAttribute('class'), Math.round(one.getBoundingClientRect().height)]),
      colours: [...document.querySelectorAll('svg rect')].map(one => getComputedStyle(one).fill),
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      foreign: [...document.querySelectorAll('[src],link,script[src]')].length,
      drift: [...document.querySelectorAll('#drift h3, #drift > p')].map(one => one.innerText),
    })"""
    seen = evaluate(page, facts)
    assert seen["title"] == "Estate: 1 of 3 run"
    assert seen["tiles"][:2] == ["1 / 3", "1 / 2"] and seen["tiles"][4] == "2 / 3"
    assert seen["sections"] == ["findings", "applications", "certificates", "servers", "drift"]
    assert seen["ways"][0] == ["https://shop.invalid", "traefik", "localhost", "web:80"]
    assert seen["bars"] == [["bad", 32], ["good", 16]] and len(set(seen["colours"])) == 2
    assert seen["overflow"] == 0 and seen["foreign"] == 0
    assert seen["drift"] == ["demo/production: differs", "demo/production: as declared", "demo/production: could not be compared"]
    # On a telephone the table scrolls, not the page
    assert evaluate(page, "document.documentElement.scrollWidth - document.documentElement.clientWidth", 500) == 0


@needs_chromium
def test_the_page_in_dark_in_light_and_on_paper(written):
    page = written[0]
    light, dark = corner(page), corner(page, DARK)
    assert min(light) > 240 and max(dark) < 40
    contrast = "getComputedStyle(document.body).color"
    assert evaluate(page, contrast) == "rgb(28, 32, 36)" and evaluate(page, contrast, 1200, DARK) == "rgb(230, 233, 238)"
    assert 1 <= pages(page) <= 4
