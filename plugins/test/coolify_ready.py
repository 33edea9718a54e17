# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
name: coolify_ready
short_description: Whether the text of a compose file works with Coolify
version_added: 0.1.0
description:
  - Tests that P(selfhosted.coolify.compose_findings#filter) finds nothing bad. For asserts.
author:
  - selfhosted.coolify contributors (@selfhosted)
options:
  _input:
    description: The text of a compose file.
    type: str
    required: true
  fail_on:
    description: The severity that makes it false; worse ones do as well.
    type: str
    choices: [error, warning, info]
    default: error
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
  - plugin: selfhosted.coolify.compose_findings
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: Refuse a compose file that would not work
  ansible.builtin.assert:
    that: compose_text is selfhosted.coolify.coolify_ready
    fail_msg: "{{ compose_text | selfhosted.coolify.compose_findings | map(attribute='message') | join(', ') }}"

- name: Refuse one that may not work, too
  ansible.builtin.assert:
    that: compose_text is selfhosted.coolify.coolify_ready(fail_on='warning', skip_rules=['COMPOSE-IMAGE-TAG'])
"""

RETURN = r"""
---
_value:
  description: V(true) when nothing of the severity O(fail_on) or a worse one was found.
  type: bool
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.selfhosted.coolify.plugins.module_utils._compose import SEVERITIES, InputError, lint_texts


def coolify_ready(text: t.Any, fail_on: str = "error", **options: t.Any) -> bool:
    try:
        if fail_on not in SEVERITIES:
            raise InputError(f"fail_on has to be one of {', '.join(SEVERITIES)}")
        return not lint_texts(text, **options).at_least(fail_on)
    except InputError as exc:
        raise AnsibleFilterError(f"selfhosted.coolify.coolify_ready: {exc}") from exc


class TestModule:
    def tests(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"coolify_ready": coolify_ready}
