# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Coolify's servers as hosts, and what runs on them as hosts of their server."""

from __future__ import annotations

DOCUMENTATION = r"""
name: coolify
short_description: Coolify's servers, and what runs on them, as hosts
version_added: 0.2.0
author:
  - selfhosted.coolify contributors (@selfhosted)
description:
  - The servers of the token's team become hosts, with address, port and user as Coolify connects to them. The keys to log in with do not come
    along; Ansible has to be able to log in by its own means.
  - >-
    Servers are in the group C(coolify_servers), and in C(coolify_reachable), C(coolify_usable), C(coolify_build_servers) and
    C(coolify_proxy_TYPE), such as C(coolify_proxy_traefik), where that is so.
  - >-
    With O(resources), applications, databases and services become hosts too. Their address is that of their server, so that a task for an
    application runs where it is. They are in C(coolify_applications), C(coolify_databases) or C(coolify_services), and in C(coolify_on_SERVER),
    a group for each server. They are never in C(coolify_servers).
  - The configuration is a file whose name is C(coolify.yml) or ends in C(.coolify.yml), also with C(yaml).
requirements:
  - community.library_inventory_filtering_v1
extends_documentation_fragment:
  - selfhosted.coolify._connection.plugin
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description:
      - Says that the file is for this plugin.
    type: str
    required: true
    choices: [selfhosted.coolify.coolify]
  resources:
    description:
      - Which resources become hosts beside the servers.
      - It costs one request for each project and one for each server.
    type: list
    elements: str
    choices: [applications, databases, services]
    default: []
  filters:
    # Not by the fragment of that collection: galaxy-importer has no other collection at hand
    description:
      - Conditions that say which hosts are in the inventory, looked at one after the other. The first that is true for a host decides; a host for
        which none is true is in it.
    type: list
    elements: dict
    suboptions:
      exclude:
        description:
          - A condition, as in C(when). A host for which it is true is left out.
          - Exactly one of O(filters[].exclude) and O(filters[].include) is needed.
        type: str
      include:
        description:
          - A condition, as in C(when). A host for which it is true is in the inventory.
          - Exactly one of O(filters[].exclude) and O(filters[].include) is needed.
        type: str
notes:
  - >-
    All facts have names that begin with C(coolify_), such as C(coolify_uuid), C(coolify_proxy_type), C(coolify_project), C(coolify_environment),
    C(coolify_state), C(coolify_health) and C(coolify_domains); C(coolify_kind) is V(server), V(application), V(database) or V(service).
    C(ansible-inventory --host NAME) shows them.
  - >-
    A host of a resource is named C(NAME.ENVIRONMENT.PROJECT). Names in Coolify are not unique; hosts that would have the same name all have
    their uuid behind it. What is no letter, digit, C(_), C(.) or C(-) becomes C(-).
  - The server that Coolify names C(localhost) becomes C(coolify-host), because C(localhost) is the controller for Ansible.
  - >-
    The machine that Coolify itself runs on is known to it as C(host.docker.internal). Its C(ansible_host) is the host of O(url); where a proxy
    stands in front of that, set it with O(compose).
  - An option that does not exist is an error, because a misspelt O(filters) would leave too much in the inventory.
  - O(url), O(token) and O(http_headers) may be templates, for example with a lookup.
  - A token with the ability C(read) is enough. Neither the inventory nor its cache ever holds a token or another secret.
  - What the cache holds is used only for the same O(url) and O(resources).
"""

EXAMPLES = r"""
---
# prod.coolify.yml. With COOLIFY_URL and COOLIFY_TOKEN in the environment its first line is enough, and the servers are in it.
# This one is without the build servers, and has what runs on the servers, grouped by project and by state.
plugin: selfhosted.coolify.coolify
url: https://coolify.example.com
token: "{{ lookup('ansible.builtin.file', '~/.config/coolify-token') }}"
resources: [applications, databases]
filters:
  - exclude: coolify_is_build_server | default(false)
keyed_groups:
  - key: coolify_project
    prefix: project
  - key: coolify_state
    prefix: state
groups:
  unhealthy: coolify_health | default('') == 'unhealthy'
compose:
  # Where a VPN leads to the servers
  ansible_host: coolify_name ~ '.internal.example.com'
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/coolify-inventory
cache_timeout: 300
"""

import re
import typing as t
from collections import Counter
from pathlib import PurePath

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.selfhosted.coolify.plugins.module_utils._errors import CoolifyError
from ansible_collections.selfhosted.coolify.plugins.module_utils._http import checked_url
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import estate
from ansible_collections.selfhosted.coolify.plugins.plugin_utils._connection import client_of, sentence

try:
    from ansible_collections.community.library_inventory_filtering_v1.plugins.plugin_utils.inventory_filter import (
        filter_host,
        parse_filters,
    )

    FILTERS_MISSING = None
except ImportError as error:
    FILTERS_MISSING = error

try:
    # From 2.19 on every text is marked as unsafe in the output unless somebody vouches for it
    from ansible.template import trust_as_template as plain
except ImportError:
    from ansible_collections.selfhosted.coolify.plugins.module_utils._fields import same as plain

FACTS = "coolify_"
FILTERS = "community.library_inventory_filtering_v1"
HARMLESS = re.compile(r"[^{}#%]*")
"""Without any sign that a template could begin with."""
SERVERS = ("coolify_servers", "coolify_reachable", "coolify_usable", "coolify_build_servers")
"""There also when they are empty, so that a play on them says nothing about a pattern that matches nothing."""


def host_name(*parts: t.Any) -> str:
    """Letters, digits, ``_``, ``.`` and ``-``: what a host pattern can name."""
    name = re.sub(r"[^\w.-]+", "-", ".".join(str(part) for part in parts if part)).strip("-.") or "unnamed"
    # Which is the controller for Ansible, also where a task is delegated to it
    return "coolify-host" if name in ("localhost", "127.0.0.1") else name


def data(value: t.Any) -> t.Any:
    """What comes from Coolify is never a template; what cannot be one is left plain, so that the output stays readable everywhere."""
    if isinstance(value, dict):
        return {key: data(item) for key, item in value.items()}
    if isinstance(value, list):
        return [data(item) for item in value]
    if not isinstance(value, str):
        return value
    return plain(value) if HARMLESS.fullmatch(value) else wrap_var(value)


def unique(named: t.Sequence[tuple[str, dict[str, t.Any]]]) -> list[tuple[str, dict[str, t.Any]]]:
    """All that share a name get their uuid behind it, so that none of them changes its name with the order of a list."""
    count = Counter(name for name, _item in named)
    return [(f"{name}-{item['uuid']}" if count[name] > 1 else name, item) for name, item in named]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "selfhosted.coolify.coolify"

    def verify_file(self, path: str) -> bool:
        stem, _dot, ending = PurePath(path).name.rpartition(".")
        return super().verify_file(path) and ending in ("yml", "yaml") and (stem == "coolify" or stem.endswith(".coolify"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        if FILTERS_MISSING:
            raise AnsibleParserError(
                f"the collection {FILTERS} is missing: {FILTERS_MISSING}. Install it: ansible-galaxy collection install {FILTERS}"
            )
        config = self._read_config_data(path)
        # Ansible ignores these, and without the filters that somebody meant, too much would be in the inventory
        unknown = sorted(str(key) for key in config if key not in self._options)
        if unknown:
            raise AnsibleParserError(f"unknown: {', '.join(unknown)}. The options are {', '.join(sorted(self._options))}")
        filters = parse_filters(self.get_option("filters"))
        try:
            found = self._estate(self.get_cache_key(path), cache)
        except CoolifyError as error:
            raise AnsibleParserError(sentence(error)) from None
        for group in SERVERS:
            self.inventory.add_group(group)
        named = unique([(host_name(server.get("name")), server) for server in found["servers"]])
        homes = {server["uuid"]: (name, server) for name, server in named}
        for name, server in named:
            self._add(name, {**server, "kind": "server"}, server, filters, self._server_groups(server))
        things = [(host_name(item["name"], item.get("environment"), item.get("project")), item) for item in found["resources"]]
        taken = list(named)
        for name, item in unique([*taken, *things])[len(taken) :]:
            home, server = homes.get(item.get("server_uuid"), (None, {}))
            groups = [f"coolify_{estate.KINDS[item['kind']]}", *([f"coolify_on_{home}"] if home else [])]
            self._add(name, item, server, filters, groups)

    def _estate(self, key: str, cache: bool) -> dict[str, t.Any]:
        """What Coolify tells, or the cache told by it. Nothing secret is in it."""
        kinds = sorted(str(kind) for kind in self.get_option("resources"))
        uses = self.get_option("cache")
        asked = None
        if uses:
            given = self.templar.template(self.get_option("url"))
            asked = [checked_url(str(given)) if given else None, *kinds]
        if uses and cache:
            kept = self._cache.get(key)
            if kept and kept.get("asked") == asked:
                return kept
        client = client_of(self, self.templar, self.display)
        servers = estate.servers(client)
        found = {"asked": asked, "servers": servers, "resources": estate.resources(client, servers, kinds) if kinds else []}
        if uses:
            self._cache[key] = found
        return found

    @staticmethod
    def _server_groups(server: dict[str, t.Any]) -> list[str]:
        flags = {"coolify_reachable": "is_reachable", "coolify_usable": "is_usable", "coolify_build_servers": "is_build_server"}
        return [SERVERS[0], *(group for group, flag in flags.items() if server.get(flag)), f"coolify_proxy_{server['proxy_type']}"]

    def _add(self, name: str, item: dict[str, t.Any], server: dict[str, t.Any], filters: t.Any, groups: list[str]) -> None:
        way = {"ansible_host": server.get("address"), "ansible_port": server.get("port"), "ansible_user": server.get("user")}
        facts = {f"{FACTS}{key}": value for key, value in item.items() if key != "address"}
        variables = data({**facts, **{key: value for key, value in way.items() if value not in (None, "")}})
        if not filter_host(self, name, variables, filters):
            return
        self.inventory.add_host(name)
        for key, value in variables.items():
            self.inventory.set_variable(name, key, value)
        for group in groups:
            self.inventory.add_host(name, group=self.inventory.add_group(self._sanitize_group_name(group)))
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)
