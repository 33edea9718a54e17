# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the part of AWX's API that the modules of awx.awx use in awx_setup.yml.

Written after AWX's code (24.6.1), not recorded from one. It refuses what AWX refuses: credential types, surveys and templates that are not as they
have to be, playbooks that the project does not have, names that are taken.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
import typing as t
from pathlib import Path

import flask
import jinja2
import jinja2.sandbox
from werkzeug.serving import WSGIRequestHandler, make_server

Row = t.Dict[str, t.Any]
IDENTIFIER = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
HIDDEN = "$encrypted$"
DEFAULTS: dict[str, Row] = {
    "organizations": {},
    "credential_types": {"inputs": {}, "injectors": {}, "managed": False},
    "credentials": {"inputs": {}},
    "inventories": {"kind": "", "host_filter": None, "variables": ""},
    "hosts": {"enabled": True, "variables": ""},
    "projects": {"scm_branch": "", "scm_revision": "", "status": "successful"},
    "execution_environments": {"image": "", "pull": "", "credential": None},
    "job_templates": {"job_type": "run", "extra_vars": "", "survey_enabled": False, "ask_variables_on_launch": False, "diff_mode": False},
    "workflow_job_templates": {"extra_vars": "", "survey_enabled": False},
    "workflow_job_template_nodes": {"unified_job_template": None, "all_parents_must_converge": False},
    "workflow_approval_templates": {"timeout": 0},
}
LINKS: dict[str, tuple[str, ...]] = {
    "job_templates": ("credentials",),
    "workflow_job_template_nodes": ("success_nodes", "failure_nodes", "always_nodes", "credentials"),
}
REQUIRED = {
    "credential_types": ("name", "kind"),
    "credentials": ("name", "credential_type"),
    "inventories": ("name", "organization"),
    "hosts": ("name", "inventory"),
    "projects": ("name", "organization"),
    "execution_environments": ("name", "image"),
    "job_templates": ("name", "project", "playbook"),
}
ANSWERS = {"text": str, "textarea": str, "password": str, "multiplechoice": str, "multiselect": str, "integer": int, "float": float}


class Refused(Exception):
    def __init__(self, **errors: t.Any) -> None:
        self.errors = errors


def check_credential_type(row: Row) -> None:
    fields = row["inputs"].get("fields", [])
    names = [field["id"] for field in fields]
    for field in fields:
        unknown = set(field) - {"id", "label", "type", "format", "secret", "multiline", "help_text", "default", "choices", "ask_at_runtime"}
        if unknown or not IDENTIFIER.fullmatch(field["id"]) or field.get("format") not in (None, "url", "ssh_private_key"):
            raise Refused(inputs=[f"{field} is not as it has to be"])
    if len(names) != len(set(names)) or set(row["inputs"].get("required", ())) - set(names):
        raise Refused(inputs=["fields are named twice, or required and not there"])
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    for kind, values in row["injectors"].items():
        if kind not in ("env", "extra_vars", "file"):
            raise Refused(injectors=[f"{kind} is none"])
        for name, template in values.items():
            if kind == "env" and (not IDENTIFIER.fullmatch(name) or name.startswith("ANSIBLE_")):
                raise Refused(injectors=[f"{name} is no name of a variable"])
            try:
                environment.from_string(template).render(**dict.fromkeys(names, "EXAMPLE"))
            except jinja2.TemplateError as error:
                raise Refused(injectors=[f"{name}: {error}"]) from error


def check_survey(spec: Row) -> None:
    for name, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(spec.get(name), kind):
            raise Refused(error=f"{name} is missing or no {kind.__name__}")
    seen: set[str] = set()
    for number, question in enumerate(spec["spec"]):
        for name, kind in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
            if not isinstance(question.get(name), kind):
                raise Refused(error=f"'{name}' in survey question {number} is missing or no {kind.__name__}")
        if question["variable"] in seen:
            raise Refused(error=f"'variable' {question['variable']} duplicated")
        seen.add(question["variable"])
        if question["type"] not in ANSWERS:
            raise Refused(error=f"{question['type']} is no type of a question")
        default = question.get("default", "")
        if default != "" and not isinstance(default, ANSWERS[question["type"]]):
            raise Refused(error=f"Default value {default} is no {question['type']}")
        if question["type"].startswith("multi"):
            choices = question["choices"].splitlines()
            if not choices or any(item not in choices for item in default.splitlines()):
                raise Refused(error="Default choice must be answered from the choices listed.")


class Controller:
    """AWX behind an HTTP server, with an organization and a token."""

    def __init__(self, playbooks: Path, token: str) -> None:
        self.playbooks, self.token = playbooks, token
        self.tables: dict[str, dict[int, Row]] = {name: {} for name in DEFAULTS}
        self.surveys: dict[int, Row] = {}
        self.links: dict[tuple[int, str], list[int]] = {}
        self.numbers = itertools.count(1)
        self.writes: list[str] = []
        self.insert("organizations", {"name": "Default"})
        handler = type("Quiet", (WSGIRequestHandler,), {"log_request": lambda *_args: None})
        self.server = make_server("127.0.0.1", 0, self._application(), threaded=True, request_handler=handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Controller:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc: t.Any) -> None:
        self.server.shutdown()
        self.server.server_close()

    # --- what is there

    def insert(self, table: str, given: Row) -> Row:
        missing = [name for name in REQUIRED.get(table, ()) if not given.get(name)]
        if missing:
            raise Refused(**{name: ["This field is required."] for name in missing})
        row = {**DEFAULTS[table], **given, "id": next(self.numbers)}
        self._check(table, row)
        same = ("name", "organization", "inventory", "identifier", "workflow_job_template", "credential_type")
        if any(all(other.get(key) == row.get(key) for key in same) for other in self.tables[table].values()):
            raise Refused(__all__=["already exists"])
        self.tables[table][row["id"]] = row
        return row

    def _check(self, table: str, row: Row) -> None:
        if table == "credential_types":
            check_credential_type(row)
        elif table == "credentials":
            kind = self.tables["credential_types"][row["credential_type"]]["inputs"]
            if set(row["inputs"]) - {field["id"] for field in kind["fields"]} or set(kind["required"]) - set(row["inputs"]):
                raise Refused(inputs=["not those of the credential type"])
        elif table == "job_templates" and not (self.playbooks / row["playbook"]).is_file():
            raise Refused(playbook=["Playbook not found for project."])

    def view(self, table: str, row: Row) -> Row:
        url = f"/api/v2/{table}/{row['id']}/"
        related = {"survey_spec": f"{url}survey_spec/"} if table in ("job_templates", "workflow_job_templates") else {}
        if row.get("unified_job_template"):
            kind = next(name for name, rows in self.tables.items() if row["unified_job_template"] in rows)
            related["unified_job_template"] = f"/api/v2/{kind}/{row['unified_job_template']}/"
        shown = {**row, "url": url, "type": table[:-1], "related": related, "summary_fields": {}}
        if table == "credentials":
            secret = [
                field["id"] for field in self.tables["credential_types"][row["credential_type"]]["inputs"]["fields"] if field.get("secret")
            ]
            shown["inputs"] = {name: HIDDEN if name in secret else value for name, value in row["inputs"].items()}
        return shown

    def named(self, table: str, name: str) -> Row:
        return next(row for row in self.tables[table].values() if row["name"] == name)

    def linked(self, row: Row, name: str) -> list[int]:
        return self.links.get((row["id"], name), [])

    # --- as a job would get it

    def environment(self, template: Row) -> dict[str, str]:
        """What the credentials of a job template inject."""
        found: dict[str, str] = {}
        for number in self.linked(template, "credentials"):
            credential = self.tables["credentials"][number]
            kind = self.tables["credential_types"][credential["credential_type"]]
            for name, text in kind["injectors"].get("env", {}).items():
                found[name] = jinja2.sandbox.ImmutableSandboxedEnvironment().from_string(text).render(**credential["inputs"])
        return found

    def variables(self, template: Row, **answers: t.Any) -> Row:
        """The answers to a survey: AWX refuses to start without a required one, and leaves out what has neither answer nor default."""
        if not template["survey_enabled"]:
            assert template["ask_variables_on_launch"] or not answers
            return answers
        questions = self.surveys[template["id"]]["spec"]
        assert not set(answers) - {item["variable"] for item in questions}
        given = {item["variable"]: answers.get(item["variable"], item["default"]) for item in questions}
        assert all(given[item["variable"]] for item in questions if item["required"])
        return given

    # --- the API

    def _application(self) -> flask.Flask:
        app = flask.Flask("controller")
        methods = ["GET", "POST", "PATCH", "DELETE"]
        app.add_url_rule("/api/v2/<table>/", "all", self._all, methods=methods)
        app.add_url_rule("/api/v2/<table>/<int:number>/", "one", self._one, methods=methods)
        app.add_url_rule("/api/v2/<table>/<int:number>/<what>/", "part", self._part, methods=methods)
        app.before_request(self._authorize)
        app.register_error_handler(Refused, lambda error: (error.errors, 400))
        app.register_error_handler(KeyError, lambda _error: ({"detail": "Not found."}, 404))
        return app

    def _authorize(self) -> t.Any:
        if flask.request.headers.get("Authorization") != f"Bearer {self.token}":
            return {"detail": "Authentication credentials were not provided."}, 401
        if flask.request.method != "GET":
            self.writes.append(f"{flask.request.method} {flask.request.path}")
        return None

    def _all(self, table: str) -> t.Any:
        request = flask.request
        if request.method == "POST":
            return self.view(table, self.insert(table, request.get_json())), 201
        tables = ("job_templates", "workflow_job_templates") if table == "unified_job_templates" else (table,)
        rows = [self.view(name, row) for name in tables for row in self.tables[name].values()]
        for key, value in request.args.items():
            rows = [row for row in rows if str(row.get(key)) == value]
        return {"count": len(rows), "next": None, "previous": None, "results": rows}

    def _one(self, table: str, number: int) -> t.Any:
        row = self.tables[table][number]
        if flask.request.method == "PATCH":
            changed = {**row, **flask.request.get_json()}
            self._check(table, changed)
            row.update({name: changed[name] for name in changed if name in row or name in DEFAULTS[table]})
        return self.view(table, row)

    def _part(self, table: str, number: int, what: str) -> t.Any:
        row, write = self.tables[table][number], flask.request.method == "POST"
        given = json.loads(flask.request.get_data() or "{}")
        if what == "survey_spec":
            if write:
                check_survey(given)
                self.surveys[number] = given
            return self.surveys.get(number, {})
        if what == "create_approval_template":
            approval = self.insert("workflow_approval_templates", {name: given[name] for name in ("name", "description", "timeout")})
            row["unified_job_template"] = approval["id"]
            return self.view("workflow_approval_templates", approval), 201
        if what not in LINKS.get(table, ()):
            raise KeyError(what)
        links = self.links.setdefault((number, what), [])
        if not write:
            target = "credentials" if what == "credentials" else "workflow_job_template_nodes"
            return {"count": len(links), "next": None, "results": [self.view(target, self.tables[target][item]) for item in links]}
        links.remove(given["id"]) if given.get("disassociate") else links.append(given["id"])
        return "", 204
