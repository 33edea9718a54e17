# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule of the lint speaks on one fixture and is silent on another; realistic files are fine; nothing raises."""

from __future__ import annotations

import random
import typing as t
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.selfhosted.coolify.plugins.module_utils._compose import RULES, SEVERITIES, InputError, Text, lint, lint_texts
from ansible_collections.selfhosted.coolify.plugins.module_utils._lint.checklist import CHECKLIST

FIXTURES = Path(__file__).parents[3] / "fixtures" / "lint"
OF_RULES: dict[str, dict[str, t.Any]] = yaml.safe_load((FIXTURES / "rules.yml").read_text())
HEALTHY = sorted(path for path in (FIXTURES / "healthy").iterdir() if path.is_dir())
NAMES = {"compose": "docker-compose.yml", "dockerfile": "Dockerfile", "nginx": "default.conf"}


def judge(files: dict[str, str], **options: t.Any):
    texts = [Text(shown, files[name]) if name in files else None for name, shown in NAMES.items()]
    return lint(*texts, ignore=files.get("ignore"), mode=files.get("mode", "coolify"), **options)


def test_every_rule_has_a_fixture_and_every_fixture_a_rule():
    assert set(OF_RULES) == set(RULES)
    for fixture in OF_RULES.values():
        assert set(fixture) == {"line", "speaks", "silent"}


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_speaks(name):
    fixture = OF_RULES[name]
    found = [item for item in judge(fixture["speaks"]).findings if item["rule"] == name]
    assert [item["line"] for item in found] == [fixture["line"]], found
    assert found[0]["severity"] in SEVERITIES and found[0]["column"] >= 1
    assert all(found[0][key] for key in ("file", "message", "why", "fix"))
    assert not [item for item in judge(fixture["speaks"], skip=[name]).findings if item["rule"] == name]


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_is_silent(name):
    silent = OF_RULES[name]["silent"]
    assert silent.get("mode", "coolify") in RULES[name].severities or silent != OF_RULES[name]["speaks"]
    assert not [item for item in judge(silent).findings if item["rule"] == name]


@pytest.mark.parametrize("name", sorted(RULES))
def test_what_is_silent_for_one_rule_is_no_example_of_another_error(name):
    """Otherwise the fixture would not be a file that anybody could use."""
    others = {item["rule"] for item in judge(OF_RULES[name]["silent"]).findings if item["severity"] == "error"}
    # nginx fixtures are pieces of configurations
    assert not others, others


def test_every_rule_is_in_the_checklist_or_stands_alone():
    listed = {name for item in CHECKLIST for name in item.rules}
    assert listed <= set(RULES)
    assert {name for name, rule in RULES.items() if "error" in rule.severities.values()} - listed == {
        "COMPOSE-COOLIFY-ONLY",
        "COMPOSE-VOLUME-UNDEFINED",
    }


def files_of(folder: Path) -> dict[str, str]:
    given = {
        name: (folder / file).read_text()
        for name, file in {**NAMES, "ignore": ".dockerignore", "mode": "mode"}.items()
        if (folder / file).exists()
    }
    return {**given, "mode": given.get("mode", "coolify").strip()}


@pytest.mark.parametrize("folder", HEALTHY, ids=lambda path: path.name)
def test_healthy_files_are_fine(folder):
    report = judge(files_of(folder))
    assert [item for item in report.findings if item["severity"] != "info"] == []


def test_there_are_enough_healthy_files():
    assert len(HEALTHY) >= 6


TEXTS = [text for fixture in OF_RULES.values() for case in ("speaks", "silent") for text in [fixture[case]]]
ODD = st.sampled_from(
    [
        None,
        1,
        -3,
        2.5,
        True,
        "",
        "no",
        "${",
        "$$",
        "$",
        "80:",
        ":::",
        "a=b",
        "{{x}}",
        [],
        {},
        [None],
        [[]],
        {"a": None},
        {"": [{}]},
        {"1": {"2": 3}},
    ]
)


def replaced(value: t.Any, rng: random.Random, odd: t.Any) -> t.Any:
    """The value with something else at a random place in it."""
    if isinstance(value, (dict, list)) and value and rng.random() < 0.8:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = rng.choice(keys)
        copy = dict(value) if isinstance(value, dict) else list(value)
        copy[key] = replaced(copy[key], rng, odd)
        return copy
    return odd


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False), ODD)
def test_no_shape_of_a_compose_file_raises(files, rng, odd):
    try:
        content = yaml.safe_load(files.get("compose", "services: {}"))
    except yaml.YAMLError:
        content = {}
    for mode in ("coolify", "standalone"):
        judge({**files, "compose": yaml.safe_dump(replaced(content, rng, odd)), "mode": mode})


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TEXTS), st.sampled_from(list(NAMES)), st.integers(0, 400), st.integers(0, 20), st.text(max_size=5))
def test_no_damage_to_a_text_raises(files, name, position, length, inserted):
    text = files.get(name, "FROM x\n")
    judge({**files, name: text[:position] + inserted + text[position + length :]})


@pytest.mark.parametrize(
    "text, line, told",
    [
        ("", 1, "no content"),
        ("services:\n  web: *nobody\n", 2, "undefined alias"),
        ("a: &a [*a]\nservices: {}\n", 2, "at least one service"),
        ("services:\n  web:\n    image: nginx:1\n\tports: []\n", 4, "cannot start any token"),
        ("services:\n  web:\n    image: {{ image }}\n", 3, "image"),
        ("[" * 3000, 1, "nested too deeply"),
        ("services:\n  web:\n    image: \x00\n", 3, "#x0"),
        ("a: 1\n" * 300_000, 1, "are not read"),
        ("- a\n", 1, "no map"),
        ("services: [web]\n", 1, "at least one service"),
    ],
)
def test_what_cannot_be_read_is_a_finding(text, line, told):
    findings = lint(Text("c.yml", text)).findings
    assert (findings[0]["line"], findings[0]["severity"]) == (line, "error")
    assert told in findings[0]["message"]


def test_aliases_that_grow_without_end_take_no_time():
    names = "abcdefghijklmnopqrst"
    laughs = "a: &a [x, x]\n" + "".join(f"{new}: &{new} [*{old}, *{old}, *{old}]\n" for old, new in zip(names, names[1:]))
    assert lint(Text("c.yml", f"{laughs}services:\n  web:\n    image: nginx:1\n    command: *t\n")).counts["error"] == 0


def test_merge_keys_and_anchors_count():
    text = """
x-app: &app
  build: .
  networks: [own]
services:
  web:
    <<: *app
    expose: ["8000"]
networks:
  own:
"""
    found = [item for item in lint(Text("c.yml", text)).findings if item["rule"] == "COMPOSE-NETWORKS"]
    assert [(item["line"], item["service"]) for item in found] == [(4, "web")]


def test_values_of_secrets_are_never_shown():
    text = """
services:
  web:
    image: acme/web:1.0
    environment:
      DB_PASSWORD: never-shown-1
      URL: postgres://app:never-shown-2@db/app
      HASH: "${never-shown-3"
      API_KEY: $2a$12$never-shown-4
      LIST: {never-shown-5: 1}
"""
    report = lint(Text("c.yml", text), Text("Dockerfile", "FROM node:22\nENV API_TOKEN=never-shown-6\n"))
    assert {"COMPOSE-SECRET", "DOCKERFILE-SECRET-ENV", "COMPOSE-DOLLAR"} <= {item["rule"] for item in report.findings}
    assert "never-shown" not in str(report)


def test_routed_services_decide_what_is_routed():
    text = "services:\n  web:\n    image: acme/web:1\n    ports: ['3000:3000']\n  tcp:\n    image: acme/tcp:1\n    ports: ['7000:7000']\n"

    def published(routed):
        findings = lint(Text("c.yml", text), routed=routed).findings
        return [item["service"] for item in findings if (item["rule"], item["severity"]) == ("COMPOSE-PORTS", "error")]

    assert published(None) == ["web"]
    assert published(["tcp"]) == ["tcp"]
    assert published([]) == []


def test_the_examples_of_the_brief():
    """What its section on compose files calls wrong, as it stands there."""
    wrong = """
services:
  web:
    build: .
    networks:
      - app_network
    ports: ["8000:8000"]
    labels:
      - traefik.enable=false
networks:
  app_network:
"""
    found = {(item["rule"], item["line"]) for item in lint(Text("c.yml", wrong)).at_least("error")}
    assert found == {("COMPOSE-NETWORKS", 6), ("COMPOSE-PORTS", 7), ("COMPOSE-TRAEFIK-ENABLE", 9)}
    gotchas = "FROM nginx:alpine\nCOPY nginx.conf /etc/nginx/nginx.conf\nHEALTHCHECK CMD wget -4 --quiet --spider http://localhost/health\n"
    server = "server { listen 80; location / { try_files $uri =404; } }"
    found = {item["rule"] for item in lint(None, Text("Dockerfile", gotchas), Text("nginx.conf", server)).at_least("warning")}
    assert found == {"DOCKERFILE-NGINX-CONF", "HEALTH-WGET-FLAGS", "HEALTH-LOCALHOST", "NGINX-HEALTH"}


def test_the_checklist_tells_what_was_looked_at():
    def outcomes(**files):
        return {item["id"]: item["outcome"] for item in judge(files).checklist}

    bad = outcomes(compose="services:\n  web:\n    build: .\n    ports: ['80:80']\n    networks: [own]\nnetworks:\n  own:\n")
    assert (bad["no_ports"], bad["no_networks"], bad["traefik_labels"]) == ("failed", "failed", "passed")
    assert (bad["health_endpoint"], bad["dockerignore"], bad["dns"]) == ("not_applicable",) * 3
    nginx = outcomes(nginx="server { listen 80; location = /health { return 200; } }")
    assert (nginx["health_endpoint"], nginx["no_ports"], nginx["health_check"], nginx["no_secrets"]) == ("passed", *["not_applicable"] * 3)
    skipped = judge({"compose": "services: {web: {image: nginx}}"}, skip=["COMPOSE-IMAGE-TAG"]).checklist
    assert next(item for item in skipped if item["id"] == "images_pinned")["outcome"] == "not_applicable"


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "swarm"},
        {"skip_rules": ["NO-SUCH"]},
        {"skip_rules": "COMPOSE-PORTS"},
        {"dockerfile": 1},
        {"no_such": 1},
        {"routed_services": "web"},
    ],
)
def test_options_that_cannot_be_meant(options):
    with pytest.raises(InputError):
        lint_texts("services: {}", **options)


def test_what_is_no_text():
    with pytest.raises(InputError, match="has to be a text, not dict"):
        lint_texts({"services": {}})
