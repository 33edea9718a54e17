# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lint of what goes to Coolify: a compose file, the Dockerfile and the nginx configuration that belong to it.

``lint`` parses and judges texts and does nothing else. What it says about a text is the table of rules below _lint; a text that cannot be
read is a finding as well.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ._errors import InputError
from ._lint import compose, compose_rules, dockerfile, dockerfile_rules, health_rules, nginx, nginx_rules, traefik_rules
from ._lint.checklist import checklist
from ._lint.project import Project
from ._lint.rule import MODES, RULES, SEVERITIES, Hit, Rule
from ._lint.yamltext import YAML_ERROR

# Importing them is what fills the table
TABLES = (compose_rules, traefik_rules, health_rules, dockerfile_rules, nginx_rules)

__all__ = ["MODES", "RULES", "SEVERITIES", "YAML_ERROR", "InputError", "Report", "Text", "line_of", "lint", "lint_texts"]


@dataclass(frozen=True)
class Text:
    """A file by its name as it is shown, and its content."""

    file: str
    content: str


@dataclass(frozen=True)
class Report:
    """``findings`` are maps with file, line, column, rule, severity, service, message, why and fix, in the order of the files."""

    findings: list[dict[str, t.Any]]
    checklist: list[dict[str, t.Any]]

    @property
    def counts(self) -> dict[str, int]:
        return {severity: sum(item["severity"] == severity for item in self.findings) for severity in SEVERITIES}

    @property
    def summary(self) -> str:
        words = {"error": "error", "warning": "warning", "info": "note"}
        return ", ".join(f"{count} {words[severity]}{'' if count == 1 else 's'}" for severity, count in self.counts.items())

    def at_least(self, severity: str) -> list[dict[str, t.Any]]:
        """The findings of this severity and of worse ones, the worst first."""
        worst = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return [item for level in worst for item in self.findings if item["severity"] == level]


def line_of(finding: dict[str, t.Any]) -> str:
    """A finding as compilers write it: ``docker-compose.yml:12: COMPOSE-PORTS: web: …``"""
    service = f"{finding['service']}: " if finding["service"] else ""
    return f"{finding['file']}:{finding['line']}: {finding['rule']}: {service}{finding['message']}"


def lint(
    compose_file: Text | None = None,
    docker_file: Text | None = None,
    nginx_file: Text | None = None,
    ignore: str | None = None,
    mode: str = "coolify",
    skip: t.Collection[str] = (),
    routed: t.Sequence[str] | None = None,
) -> Report:
    """Judges the files that are given. ``skip`` are ids of rules; ``ignore`` and ``routed`` are those of Project."""
    project = Project(
        mode,
        compose.parse(compose_file.file, compose_file.content) if compose_file else None,
        dockerfile.parse(docker_file.file, docker_file.content) if docker_file else None,
        nginx.parse(nginx_file.file, nginx_file.content) if nginx_file else None,
        ignore,
        tuple(routed) if routed is not None else None,
    )
    held = {name: rule for name, rule in RULES.items() if mode in rule.severities and name not in skip}
    order = [text.file for text in (compose_file, docker_file, nginx_file) if text]
    found = {_key(rule, hit): _finding(rule, hit, mode) for rule in held.values() for hit in rule.check(project)}
    findings = sorted(found.values(), key=lambda item: (order.index(item["file"]), item["line"], item["column"], item["rule"]))
    given = {"compose": compose_file, "dockerfile": docker_file, "nginx": nginx_file, "health": compose_file or docker_file}
    present = {name for name, text in given.items() if text} | ({"dockerignore"} if docker_file and ignore is not None else set())
    return Report(findings, checklist(present, held, [item["rule"] for item in findings]))


def unknown_rules(names: t.Sequence[str]) -> str:
    """What to answer when one of the names is no rule, else an empty text."""
    unknown = [name for name in names if name not in RULES]
    return f"there is no rule {', '.join(unknown)}; the rules are {', '.join(sorted(RULES))}" if unknown else ""


def lint_texts(
    text: t.Any,
    mode: str = "coolify",
    skip_rules: t.Sequence[str] = (),
    dockerfile: str | None = None,
    nginx: str | None = None,
    routed_services: t.Sequence[str] | None = None,
    **others: t.Any,
) -> Report:
    """What the filter and the test do; InputError when an option cannot be meant."""
    if others:
        raise InputError(f"there is no option {', '.join(others)}")
    if mode not in MODES:
        raise InputError(f"mode has to be {' or '.join(MODES)}")
    for name, value in (("the input", text), ("dockerfile", dockerfile or ""), ("nginx", nginx or "")):
        if not isinstance(value, str):
            raise InputError(f"{name} has to be a text, not {type(value).__name__}")
    for name, values in (("skip_rules", skip_rules), ("routed_services", routed_services or ())):
        if isinstance(values, str) or not isinstance(values, t.Sequence):
            raise InputError(f"{name} has to be a list")
    if unknown_rules(skip_rules):
        raise InputError(f"skip_rules: {unknown_rules(skip_rules)}")
    return lint(
        Text("docker-compose.yml", text),
        Text("Dockerfile", dockerfile) if dockerfile else None,
        Text("default.conf", nginx) if nginx else None,
        mode=mode,
        skip=skip_rules,
        routed=routed_services,
    )


def _key(rule: Rule, hit: Hit) -> tuple[str, ...]:
    return (rule.id, hit.place.file, str(hit.place.line), hit.service, hit.message)


def _finding(rule: Rule, hit: Hit, mode: str) -> dict[str, t.Any]:
    return {
        "file": hit.place.file,
        "line": hit.place.line,
        "column": hit.place.column,
        "rule": rule.id,
        "severity": hit.severity or rule.severities[mode],
        "service": hit.service,
        "message": hit.message,
        "why": rule.why,
        "fix": hit.fix or rule.fix,
    }
