# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret that Coolify holds, at the moment when it is needed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: secret
short_description: Read a database's URL or a variable's value from Coolify at run time
version_added: 0.2.0
author:
  - selfhosted.coolify contributors (@selfhosted)
description:
  - Reads what an application, database or service in Coolify is configured with, when the task that needs it runs. Nothing is kept, in memory
    or on disk.
  - The token needs C(read) and C(read:sensitive) (or C(root)), and its owner has to be an admin of the team. If it may not read a value, the
    lookup fails and says so; it never returns an empty text instead.
extends_documentation_fragment:
  - selfhosted.coolify._connection.plugin
options:
  _terms:
    description:
      - What to read, each of them the key of a variable.
      - For a O(database) also V(internal_url), V(external_url) and V(password).
    type: list
    elements: str
    required: true
  application:
    description:
      - Name or uuid of an application.
      - Exactly one of O(application), O(database) and O(service) is required.
    type: str
  database:
    description:
      - Name or uuid of a database.
    type: str
  service:
    description:
      - Name or uuid of a service.
    type: str
  project:
    description:
      - Name or uuid of its project. Without it a name is looked for in the whole team.
    type: str
  environment:
    description:
      - Name or uuid of its environment in O(project). If it is not given, it is C(production).
    type: str
  preview:
    description:
      - Whether the values for preview deployments are meant.
    type: bool
    default: false
notes:
  - Set C(no_log) on the task. Ansible knows nothing of what a lookup returns being a secret, and shows it with the task's options at C(-v).
  - C(module_defaults) do not reach a lookup. It takes its address and token from its options, from the variables C(coolify_url) and
    C(coolify_token), or from the environment.
  - Do not put it into C(set_fact) with C(cacheable), which is what writes it to disk.
  - The value of a variable that refers to a shared one, such as C({{ '{{' }}team.KEY{{ '}}' }}), is what that stands for.
seealso:
  - module: selfhosted.coolify.coolify_env
  - module: selfhosted.coolify.coolify_db
"""

EXAMPLES = r"""
---
- name: Dump a database
  community.general.pg_dump:
    url: "{{ lookup('selfhosted.coolify.secret', 'external_url', database='shop-db', project='shop') }}"
  no_log: true

- name: Call the application as its own worker does
  ansible.builtin.uri:
    url: https://shop.example.com/internal/health
    headers:
      Authorization: "Bearer {{ lookup('selfhosted.coolify.secret', 'WORKER_TOKEN', application='web', project='shop', environment='staging') }}"
  no_log: true

- name: Read two values with one request
  ansible.builtin.template:
    src: settings.j2
    dest: /etc/shop/settings
    mode: "0600"
  vars:
    values: "{{ query('selfhosted.coolify.secret', 'SMTP_USER', 'SMTP_PASSWORD', application='web', project='shop') }}"
  no_log: true
"""

RETURN = r"""
---
_raw:
  description: The values, in the order of the terms.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.selfhosted.coolify.plugins.module_utils._errors import CoolifyError, InputError
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.secret import KINDS, reveal
from ansible_collections.selfhosted.coolify.plugins.plugin_utils._connection import client_of, sentence


class LookupModule(LookupBase):
    def run(self, terms: t.Sequence[str], variables: t.Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return self._read([str(term) for term in terms])
        except CoolifyError as error:
            raise AnsibleLookupError(f"selfhosted.coolify.secret: {sentence(error)}") from None

    def _read(self, names: list[str]) -> list[str]:
        of = {kind: str(self.get_option(kind) or "") for kind in KINDS if self.get_option(kind) is not None}
        if len(of) != 1 or not all(of.values()):
            raise InputError(f"exactly one of {', '.join(KINDS)} has to say whose secret is meant", "Give its name or uuid.")
        if not names or not all(names):
            raise InputError(
                "there is nothing to read", "Give the keys of variables, or internal_url, external_url or password of a database."
            )
        where = {name: self.get_option(name) for name in ("project", "environment", "preview")}
        if where["environment"] and not where["project"]:
            raise InputError("environment needs project", "Give the project too.")
        (kind, wanted), *_rest = of.items()
        return reveal(client_of(self, self._templar, Display()), kind, wanted, where, names)
