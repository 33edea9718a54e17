#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_compose_lint
short_description: Find in a compose file what does not work with Coolify
version_added: 0.1.0
description:
  - Reads a compose file, and the Dockerfile and nginx configuration that belong to it, and says what will go wrong with them on a server of
    Coolify, with line, reason and fix. Custom networks, published ports and labels of Traefik are among it, and health checks that cannot work.
  - Runs wherever the files are, needs neither a Coolify nor Docker, and changes nothing.
  - What cannot be read, such as invalid YAML, is a finding as well.
  - The rules are listed in R(the reference,ansible_collections.selfhosted.coolify.docsite.compose_rules).
author:
  - selfhosted.coolify contributors (@selfhosted)
requirements:
  - PyYAML
extends_documentation_fragment:
  - selfhosted.coolify._attributes.host
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details:
      - It changes nothing.
  idempotent:
    support: full
  platform:
    support: full
options:
  compose:
    description:
      - Path of the compose file.
    type: path
  compose_content:
    description:
      - Text of a compose file, instead of O(compose). It is called C(docker-compose.yml) in findings.
      - Findings never contain values of variables. Ansible itself shows the options of a task at C(-vvv).
    type: str
  dockerfile:
    description:
      - Path of the Dockerfile. Beside it C(.dockerignore) is looked for, too.
    type: path
  dockerfile_content:
    description:
      - Text of a Dockerfile, instead of O(dockerfile). It is called C(Dockerfile) in findings.
    type: str
  nginx:
    description:
      - Path of the nginx configuration that the application runs with, such as the one that becomes C(/etc/nginx/conf.d/default.conf).
    type: path
  nginx_content:
    description:
      - Text of an nginx configuration, instead of O(nginx). It is called C(default.conf) in findings.
    type: str
  mode:
    description:
      - V(coolify) for a compose file that Coolify deploys. Coolify writes the labels of Traefik and chooses names and networks then.
      - V(standalone) for one that is started with Docker Compose on such a server, behind its proxy but without Coolify's knowledge.
    type: str
    choices: [coolify, standalone]
    default: coolify
  routed_services:
    description:
      - Names of the services that have a domain.
      - If it is not given, C(SERVICE_FQDN_*) and C(SERVICE_URL_*) variables, labels, ports and health checks tell which ones probably have.
    type: list
    elements: str
  skip_rules:
    description:
      - Ids of rules that are not to be looked at, such as V(COMPOSE-IMAGE-TAG).
    type: list
    elements: str
    default: []
  fail_on:
    description:
      - The task fails when there is a finding of this severity or a worse one.
      - With V(never) it does not fail, and RV(passed) is judged as with V(error).
    type: str
    choices: [error, warning, never]
    default: error
notes:
  - It takes neither url nor token, and is not in the action group of the modules that do.
seealso:
  - plugin: selfhosted.coolify.compose_findings
    plugin_type: filter
  - plugin: selfhosted.coolify.coolify_ready
    plugin_type: test
"""

EXAMPLES = r"""
---
- name: Check the files of a repository before they are pushed
  selfhosted.coolify.coolify_compose_lint:
    compose: "{{ playbook_dir }}/docker-compose.yml"
    dockerfile: "{{ playbook_dir }}/Dockerfile"
    nginx: "{{ playbook_dir }}/default.conf"

- name: Look at a text, and go on whatever is found
  selfhosted.coolify.coolify_compose_lint:
    compose_content: |
      services:
        web:
          image: ghcr.io/acme/shop:1.4.2
          ports: ["8000:8000"]
    fail_on: never
  register: lint

- name: Show what was found
  ansible.builtin.debug:
    msg: "{{ item.file }}:{{ item.line }}: {{ item.rule }}: {{ item.message }}. {{ item.fix }}"
  loop: "{{ lint.findings }}"
  loop_control:
    label: "{{ item.rule }}"

- name: Be strict with a file that Docker Compose starts, except for tags of images
  selfhosted.coolify.coolify_compose_lint:
    compose_content: |
      services:
        cron:
          image: ghcr.io/acme/cron
          restart: unless-stopped
    mode: standalone
    fail_on: warning
    skip_rules:
      - COMPOSE-IMAGE-TAG

- name: Say which services have a domain in Coolify
  selfhosted.coolify.coolify_compose_lint:
    compose_content: |
      services:
        game:
          image: ghcr.io/acme/game:1.0
          ports: ["8080:8080/udp"]
    routed_services: []
"""

RETURN = r"""
---
findings:
  description: What was found, in the order of the files.
  returned: success and failure, when the files could be opened
  type: list
  elements: dict
  contains:
    file:
      description: The file, as it was given.
      type: str
    line:
      description: The line, counted from 1.
      type: int
    column:
      description: The column, counted from 1.
      type: int
    rule:
      description: Id of the rule.
      type: str
    severity:
      description: V(error) for what will not work, V(warning) for what may not, V(info) for what is worth knowing.
      type: str
    service:
      description: The service of the compose file that it is about; empty where it is about none.
      type: str
    message:
      description: What is there.
      type: str
    why:
      description: What comes of it.
      type: str
    fix:
      description: What to do.
      type: str
  sample:
    - file: docker-compose.yml
      line: 4
      column: 13
      rule: COMPOSE-PORTS
      severity: error
      service: web
      message: 8000:8000 is published on the host, and the service looks like one that is reached through the proxy
      why: Traefik holds 80, 443 and 8080 of the host and reaches containers through the Docker network.
      fix: 'Remove ports, and write expose: ["8000"] with the port that the application listens on.'
passed:
  description: Whether nothing was found that O(fail_on) is about.
  returned: success and failure, when the files could be opened
  type: bool
counts:
  description: How many findings there are of each severity.
  returned: success and failure, when the files could be opened
  type: dict
  sample:
    error: 1
    warning: 0
    info: 2
checklist:
  description:
    - The checklist before a deployment.
    - C(outcome) is V(passed), V(failed), or V(not_applicable) when the files that it needs were not given, or when files cannot tell.
    - C(rules) are those that looked, or when it failed those that found something.
  returned: success and failure, when the files could be opened
  type: list
  elements: dict
  sample:
    - id: no_ports
      item: No host ports; expose is used.
      outcome: failed
      rules: [COMPOSE-PORTS]
      reason: ""
msg:
  description: The findings that O(fail_on) is about, one a line after how many there are.
  returned: always
  type: str
  sample: |-
    1 error, 0 warnings, 2 notes
    docker-compose.yml:4: COMPOSE-PORTS: web: 8000:8000 is published on the host, and the service looks like one that is reached through the proxy.
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.selfhosted.coolify.plugins.module_utils._compose import (
    MODES,
    YAML_ERROR,
    Text,
    line_of,
    lint,
    unknown_rules,
)

CONTENTS = {"compose": "docker-compose.yml", "dockerfile": "Dockerfile", "nginx": "default.conf"}
ARGUMENT_SPEC: dict[str, t.Any] = {
    **{name: {"type": "path"} for name in CONTENTS},
    **{f"{name}_content": {"type": "str"} for name in CONTENTS},
    "mode": {"type": "str", "choices": list(MODES), "default": "coolify"},
    "routed_services": {"type": "list", "elements": "str"},
    "skip_rules": {"type": "list", "elements": "str", "default": []},
    "fail_on": {"type": "str", "choices": ["error", "warning", "never"], "default": "error"},
}


def read(module: AnsibleModule, path: str) -> str:
    """Bytes that are no UTF-8 stay visible to the parser, which says where they are."""
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape") as file:
            return file.read()
    except OSError as exc:
        module.fail_json(msg=f"{path} cannot be read: {exc.strerror}")
        raise


def texts(module: AnsibleModule) -> dict[str, Text]:
    """What was given, by path or as a text."""
    found = {}
    for name, shown in CONTENTS.items():
        path, content = module.params[name], module.params[f"{name}_content"]
        if path is not None:
            found[name] = Text(path, read(module, path))
        elif content is not None:
            found[name] = Text(shown, content)
    return found


def ignored(module: AnsibleModule) -> str | None:
    """The text of .dockerignore; empty when there is none, None when there is no folder to look into."""
    path = module.params["dockerfile"]
    if path is None:
        return None
    folders = [os.path.dirname(path)] + ([os.path.dirname(module.params["compose"])] if module.params["compose"] else [])
    names = [f"{path}.dockerignore", *(os.path.join(folder, ".dockerignore") for folder in folders)]
    return next((read(module, name) for name in names if os.path.isfile(name)), "")


def main() -> None:
    module = AnsibleModule(
        ARGUMENT_SPEC,
        supports_check_mode=True,
        mutually_exclusive=[(name, f"{name}_content") for name in CONTENTS],
        required_one_of=[[*CONTENTS, *(f"{name}_content" for name in CONTENTS)]],
    )
    if YAML_ERROR:
        module.fail_json(msg=missing_required_lib("PyYAML"), exception=YAML_ERROR)
    unknown = unknown_rules(module.params["skip_rules"])
    if unknown:
        module.fail_json(msg=f"skip_rules: {unknown}")
    given = texts(module)
    report = lint(
        given.get("compose"),
        given.get("dockerfile"),
        given.get("nginx"),
        ignore=ignored(module),
        mode=module.params["mode"],
        skip=module.params["skip_rules"],
        routed=module.params["routed_services"],
    )
    never = module.params["fail_on"] == "never"
    bad = report.at_least("error" if never else module.params["fail_on"])
    lines = [report.summary, *(f"{line_of(finding)}. {finding['fix']}" for finding in bad)]
    result = {
        "changed": False,
        "passed": not bad,
        "findings": report.findings,
        "counts": report.counts,
        "checklist": report.checklist,
        "msg": "\n".join(lines),
    }
    if bad and not never:
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
