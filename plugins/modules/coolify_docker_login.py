#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_docker_login
short_description: Log a server's user in to a container registry, and prove what the login may do
version_added: 0.1.0
description:
  - Logs the user that the task runs as in to a registry with C(docker login), so that Coolify can pull private images on this server, or push
    them from it. What is there already is asked about at the registry first, and left alone while it works.
  - Verifies a login before it is saved. The registry has to accept it, GitHub has to say that the token has the O(scopes), and O(images) can
    be proven to be pullable and pushable, without pulling or pushing anything.
  - Runs on the server itself and needs nothing but Python and the Docker CLI there, not even a running engine. It knows neither Coolify's API
    nor its token, and is not in the action group C(selfhosted.coolify.coolify).
  - The role P(selfhosted.coolify.ghcr_login#role) does this for build servers and servers at once, as the right users.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes.host
attributes:
  check_mode:
    support: full
    details:
      - The same questions are asked as in a real run, also those of O(push), which leave nothing behind.
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    support: full
    platforms: linux
requirements:
  - "Linux with Python 3.8 or later"
  - "The Docker CLI, where the login has to change"
options:
  registry:
    description:
      - The registry, with its port where it has one, such as V(ghcr.io), V(docker.io) or V(registry.example.com:5000).
    type: str
    default: ghcr.io
  username:
    description:
      - Who logs in. Needed with O(state=present).
      - At V(ghcr.io) the name of the user, or of the organization's bot, that the token belongs to.
    type: str
  password:
    description:
      - The password, or the token. At V(ghcr.io) a personal access token (classic); it takes no others.
      - It goes to Docker through its standard input. It is in no argument, no environment variable, no log and no result. It ends up where Docker
        keeps logins, and nowhere else.
      - Without it, there must be a login of O(username) that works, and the task fails otherwise.
    type: str
  state:
    description:
      - With V(present) the user is logged in. With V(absent) no login to O(registry) is left, whosoever it was.
    type: str
    choices: [present, absent]
    default: present
  replace:
    description:
      - When a login of O(username) is replaced. With V(when_broken) only if it fails one of the checks; a working one is left alone although it
        may be with another token than O(password). With V(when_different) also if it is with another one.
    type: str
    choices: [when_broken, when_different]
    default: when_broken
  scopes:
    description:
      - Scopes that GitHub must say the token has. V(write:packages) includes V(read:packages).
      - Asked of V(ghcr.io), and of others where O(api_url) is given. A token that GitHub names no scopes of, and a GitHub that cannot be
        reached, make this check V(skipped), with the reason.
    type: list
    elements: str
    default: ['read:packages']
  api_url:
    description:
      - Address of GitHub's API, V(https://api.github.com) for V(ghcr.io). GitHub Enterprise Server has its own, such as
        V(https://github.example.com/api/v3).
    type: str
  images:
    description:
      - Images in O(registry) whose manifests must be readable, which is what a pull begins with.
    type: list
    elements: str
    default: []
  image_must_exist:
    description:
      - Whether an image that is not there fails. With V(false) the check is V(skipped), as before the first build.
    type: bool
    default: true
  push:
    description:
      - Whether it must be allowed to push to the repositories of O(images). An upload is begun and cancelled; nothing is sent.
    type: bool
    default: false
  credential_helper:
    description:
      - What becomes of C(credsStore) and C(credHelpers) in the user's C(config.json), which keep logins outside of that file.
      - With V(keep) the login goes there. Coolify gives its build container C(config.json) and not that program, so applications cannot use such
        a login, which is a warning.
      - With V(bypass) this one registry's login is kept in C(config.json), and everything else stays as it is.
    type: str
    choices: [keep, bypass]
    default: keep
  config_dir:
    description:
      - Folder of Docker's C(config.json). If not given, C(.docker) in the home of the user that the task runs as, where Coolify looks too;
        E(DOCKER_CONFIG) is not.
    type: path
  validate_certs:
    description:
      - Whether certificates are verified. With V(false) plain HTTP is tried too. This is about the module's own questions; Docker decides by
        C(insecure-registries) of its engine.
    type: bool
    default: true
  ca_path:
    description:
      - File with certificates to trust in addition to the system's and to those in C(/etc/docker/certs.d) of the registry, which Docker uses.
    type: path
  timeout:
    description:
      - Seconds that one question or command may take, from V(1) to V(300).
    type: float
    default: 30
notes:
  - Do not use C(become) where Coolify connects as a user who is not root. For applications Coolify reads the C(config.json) of the very user that
    it connects with. For databases and services it runs C(sudo docker), which reads root's.
  - With C(ansible_pipelining) the options, and with them the password, travel through SSH only. Without it Ansible writes them into a temporary
    file of that user for the moment; the role sets it.
  - Proxies are taken from E(https_proxy) and E(no_proxy), which the C(environment) of the task can set. Docker's engine has its own.
seealso:
  - module: selfhosted.coolify.coolify_host_info
"""

EXAMPLES = r"""
---
- name: Log the build servers and the servers in
  hosts: coolify_servers
  gather_facts: false
  vars:
    ansible_pipelining: true
  tasks:
    - name: Log in to GitHub's registry and prove that the image can be pulled
      selfhosted.coolify.coolify_docker_login:
        username: acme-bot
        password: "{{ ghcr_token }}"
        images:
          - ghcr.io/acme/shop

    - name: Log in to another registry, where images are pushed to
      selfhosted.coolify.coolify_docker_login:
        registry: registry.example.com:5000
        username: builder
        password: "{{ registry_password }}"
        images:
          - registry.example.com:5000/shop
        image_must_exist: false
        push: true

    - name: Log out
      selfhosted.coolify.coolify_docker_login:
        registry: registry.example.com:5000
        state: absent
"""

RETURN = r"""
---
action:
  description: V(login), V(logout) or V(none); in check mode what would be done.
  returned: success
  type: str
  sample: login
msg:
  description: Why, in a sentence; on failure what was tried, and what was answered.
  returned: always
  type: str
  sample: "deploy: logged in to ghcr.io as acme-bot: there is no login to ghcr.io"
login:
  description: The login after the task.
  returned: success
  type: dict
  contains:
    registry:
      description: The registry.
      type: str
      sample: ghcr.io
    user:
      description: Who is logged in; V(null) for nobody.
      type: str
      sample: acme-bot
    host_user:
      description: The user of the server whose login it is.
      type: str
      sample: root
    config:
      description: The file of Docker that it is in.
      type: str
      sample: /root/.docker/config.json
    helper:
      description: The credential helper that keeps it; V(null) when it is in the file.
      type: str
    works:
      description: Whether it passed the checks; V(null) when nobody asked.
      type: bool
checks:
  description: What was found out about the login that is used now, or about the given one on failure.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: V(login), V(scopes), V(pull) or V(push).
      type: str
    subject:
      description: The registry, the scopes or the image.
      type: str
    outcome:
      description: V(passed), V(failed) or V(skipped).
      type: str
    reason:
      description: What was answered.
      type: str
      sample: "ghcr.io/acme/shop cannot be pushed: 403 denied: permission_denied: The token provided does not match expected scopes."
token_expires_at:
  description: When the token expires, if GitHub says so.
  returned: success
  type: str
  sample: "2026-12-24T10:00:00Z"
troubleshooting:
  description: What to do.
  returned: failure
  type: str
"""

import os
import pwd
import typing as t
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.selfhosted.coolify.plugins.module_utils._host import registry
from ansible_collections.selfhosted.coolify.plugins.module_utils._host.login import Login, LoginError, Outcome

ARGUMENT_SPEC = {
    "registry": {"type": "str", "default": "ghcr.io"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "replace": {"type": "str", "choices": ["when_broken", "when_different"], "default": "when_broken"},
    "scopes": {"type": "list", "elements": "str", "default": ["read:packages"]},
    "api_url": {"type": "str"},
    "images": {"type": "list", "elements": "str", "default": []},
    "image_must_exist": {"type": "bool", "default": True},
    "push": {"type": "bool", "default": False},
    "credential_helper": {"type": "str", "choices": ["keep", "bypass"], "default": "keep"},
    "config_dir": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "float", "default": 30},
}


def complaints(options: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """What is wrong with the options beyond their types."""
    name = registry.registry_name(options["registry"])
    if not name:
        yield "registry is empty"
    if options["state"] == "present" and options["username"] is None:
        yield "username is missing; state=present needs it"
    if ":" in (options["username"] or ""):
        yield "username has a colon, which no registry can tell from the beginning of the password"
    if options["username"] is not None and not options["username"].strip():
        yield "username is empty"
    if options["password"] is not None and not options["password"].strip():
        yield "password is empty; leave it out to verify the login that is there"
    if not 1 <= options["timeout"] <= 300:
        yield f"timeout is {options['timeout']:g}; it must be from 1 to 300"
    if options["push"] and not options["images"]:
        yield "push needs images, whose repositories it is about"
    address = options["api_url"] or ""
    if address and not address.startswith("https://") and options["validate_certs"] and not registry.loopback(urlsplit(address).netloc):
        yield f"api_url is {address}; the token is sent over https only, unless validate_certs is false"
    if options["ca_path"] and not os.path.isfile(options["ca_path"]):
        yield f"ca_path: there is no file {options['ca_path']}"
    for text in options["images"]:
        try:
            image = registry.image(text)
        except ValueError as error:
            yield f"images: {error}"
            continue
        if image.registry != name:
            yield f"images: {text} is in {image.registry}, and the login is to {name}; write it as {name}/…"


def main() -> None:
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True, required_if=[["state", "present", ["username"]]])
    wrong = list(complaints(module.params))
    if wrong:
        module.fail_json(msg="; ".join(wrong), checks=[])
    options = dict(module.params)
    if options["password"]:
        # Docker cuts off the line's end too
        options["password"] = options["password"].rstrip("\r\n")
    host_user = pwd.getpwuid(os.geteuid()).pw_name
    try:
        login = Login(options, module.check_mode)
        outcome = login.present() if options["state"] == "present" else login.absent()
    except LoginError as error:
        checks = [shown(check) for check in error.facts.pop("checks", [])]
        module.fail_json(msg=f"{host_user}: {error}", checks=checks, troubleshooting=error.advice or "See msg.")
    for warning in outcome.warnings:
        module.warn(warning)
    result = {
        "changed": outcome.changed,
        "action": outcome.action,
        "msg": f"{host_user}: {sentence(outcome, module.check_mode)}",
        "login": {**outcome.after, "host_user": host_user},
        "checks": [shown(check) for check in outcome.checks],
        "diff": {"before": outcome.before, "after": outcome.after},
    }
    if outcome.expires:
        result["token_expires_at"] = f"{outcome.expires:%Y-%m-%dT%H:%M:%SZ}"
    module.exit_json(**result)


def sentence(outcome: Outcome, dry_run: bool) -> str:
    if outcome.action == "login":
        return f"{'would log' if dry_run else 'logged'} in to {outcome.after['registry']} as {outcome.after['user']}: {outcome.reason}"
    if outcome.action == "logout":
        return f"{'would log' if dry_run else 'logged'} out of {outcome.after['registry']}: {outcome.reason}"
    return outcome.reason


def shown(check: registry.Check) -> dict[str, str]:
    return {"check": check.check, "subject": check.subject, "outcome": check.outcome, "reason": check.reason}


if __name__ == "__main__":
    main()
