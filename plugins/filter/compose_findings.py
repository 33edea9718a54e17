# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
name: compose_findings
short_description: Find in the text of a compose file what does not work with Coolify
version_added: 0.1.0
description:
  - The same as M(selfhosted.coolify.coolify_compose_lint), as a filter for texts that are there already, such as rendered templates.
author:
  - selfhosted.coolify contributors (@selfhosted)
positional: _input
options:
  _input:
    description: The text of a compose file.
    type: str
    required: true
  mode:
    description: V(coolify) for a file that Coolify deploys, V(standalone) for one that Docker Compose starts on such a server.
    type: str
    choices: [coolify, standalone]
    default: coolify
  skip_rules:
    description: Ids of rules that are not to be looked at.
    type: list
    elements: str
    default: []
  dockerfile:
    description: The text of the Dockerfile that belongs to it.
    type: str
  nginx:
    description: The text of the nginx configuration that belongs to it.
    type: str
  routed_services:
    description: Names of the services that have a domain. If it is not given, the file has to tell.
    type: list
    elements: str
seealso:
  - module: selfhosted.coolify.coolify_compose_lint
  - plugin: selfhosted.coolify.coolify_ready
    plugin_type: test
"""

EXAMPLES = r"""
---
- name: Show what is wrong with a rendered template
  ansible.builtin.debug:
    msg: "line {{ item.line }}: {{ item.rule }}: {{ item.message }}"
  loop: "{{ lookup('ansible.builtin.template', 'docker-compose.yml.j2') | selfhosted.coolify.compose_findings }}"

- name: Count the errors
  ansible.builtin.set_fact:
    errors: "{{ compose_text | selfhosted.coolify.compose_findings(mode='standalone') | selectattr('severity', 'eq', 'error') | length }}"
"""

RETURN = r"""
---
_value:
  description:
    - The findings, each with C(file), C(line), C(column), C(rule), C(severity) (V(error), V(warning) or V(info)), C(service), C(message), C(why)
      and C(fix).
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.selfhosted.coolify.plugins.module_utils._compose import InputError, lint_texts


def compose_findings(text: t.Any, **options: t.Any) -> list[dict[str, t.Any]]:
    try:
        return lint_texts(text, **options).findings
    except InputError as exc:
        raise AnsibleFilterError(f"selfhosted.coolify.compose_findings: {exc}") from exc


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"compose_findings": compose_findings}
