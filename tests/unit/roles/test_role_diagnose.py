# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role diagnose through its playbook, in a real ansible-playbook on the simulator."""

from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.selfhosted.coolify.tests.unit.browser import DARK, corner, dom, evaluate, needs_chromium
from ansible_collections.selfhosted.coolify.tests.unit.deploying import IMAGE

DENIED = 'Error: Head "https://ghcr.io/v2/acme/<b>shop</b>/manifests/2": denied: denied'


def diagnose(simulator, folder, **variables: str) -> str:
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", "selfhosted.coolify.diagnose"]
    given = {"ansible_python_interpreter": sys.executable, "target": "web", "sudo": "false", **variables}
    for name, value in given.items():
        command += ["-e", f"{name}={value}"]
    environment = {**os.environ, "COOLIFY_URL": simulator.url, "COOLIFY_TOKEN": simulator.tokens["root"], "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_report_names_the_cause_and_marks_the_broken_link(run, simulator, tmp_path):
    run("app", **IMAGE, state="deployed")
    first = diagnose(simulator, tmp_path, project="demo")
    # The server that is looked at is the machine of this test, which may be busy
    assert "Nothing is wrong with what could be seen" in first or "## 1. the server is short of" in first
    simulator.coolify.switches.outcomes["web"] = {"deployment": "failed", "log": [DENIED]}
    run("deploy", project="demo", name="web", deploy="always")
    page, text = tmp_path / "report.html", tmp_path / "report.md"
    shown = diagnose(simulator, tmp_path, html=str(page), markdown=str(text))
    assert "the registry refuses the image" in shown and simulator.tokens["root"] not in shown
    assert text.read_text().startswith("# web: diagnosed\n\n## 1. the registry refuses the image")
    html = page.read_text()
    assert '<li class="broken">container ✗</li>' in html and "<b>shop" not in html and "&lt;b&gt;shop" in html
    # What nobody looked at is not marked as good
    assert '<li class="passed">network</li>' not in html and '<li class="passed">DNS</li>' not in html
    assert page.stat().st_mode & 0o777 == 0o600


@needs_chromium
def test_the_page_in_a_browser(run, simulator, tmp_path):
    run("app", **IMAGE, state="deployed")
    simulator.coolify.switches.outcomes["web"] = {"deployment": "failed", "log": [DENIED]}
    run("deploy", project="demo", name="web", deploy="always")
    page = tmp_path / "report.html"
    diagnose(simulator, tmp_path, html=str(page))
    # What the log says is text, and nothing of it became an element
    assert "&lt;b&gt;shop&lt;/b&gt;" in dom(page)
    facts = """({
      title: document.title,
      way: [...document.querySelectorAll('ol.way li')].map(one => [one.innerText, one.className]),
      broken: getComputedStyle(document.querySelector('ol.way li.broken')).color,
      causes: [...document.querySelectorAll('h2')].map(one => one.innerText),
      steps: document.querySelectorAll('table tr').length - 1,
      elements: document.querySelectorAll('b, img, script[src], link').length,
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    })"""
    seen = evaluate(page, facts)
    assert seen["title"] == "web: diagnosed"
    assert [name for name, _style in seen["way"]] == ["client", "DNS", "TLS", "proxy", "network", "container ✗", "application"]
    assert [style for name, style in seen["way"] if "✗" in name] == ["broken"] and seen["broken"] == "rgb(198, 40, 40)"
    assert seen["causes"][0].startswith("1. the registry refuses the image") and seen["steps"] > 3
    assert seen["elements"] == 0 and seen["overflow"] == 0
    assert evaluate(page, "document.documentElement.scrollWidth - document.documentElement.clientWidth", 500) == 0
    assert min(corner(page)) > 240 and max(corner(page, DARK)) < 40
