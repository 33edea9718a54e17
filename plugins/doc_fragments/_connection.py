# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - "Python 3.8 or later"
  - "requests"
options:
  url:
    description:
      - Address of the Coolify panel, such as V(https://coolify.example.com). A trailing V(/api/v1) is ignored.
      - Required, here or in the environment.
      - Over V(http://) to anything but the same machine, the token travels in clear text; the task warns.
    type: str
    aliases: [coolify_url]
  token:
    description:
      - API token, whole, with the number and the V(|) in front. Create it in Coolify under C(Keys & Tokens).
      - Required, here or in the environment.
      - Managing needs the abilities C(read), C(read:sensitive), C(write), and C(deploy) for starting and stopping; or C(root).
        Without C(read:sensitive) Coolify hides passwords and values of variables, and they cannot be compared.
      - A token that is set through the task keyword C(environment) is printed by Ansible itself at C(-vvv).
    type: str
    aliases: [coolify_token]
  validate_certs:
    description:
      - Whether the certificate of O(url) is verified.
    type: bool
    default: true
  ca_path:
    description:
      - File with the CA certificates that O(url) is verified with, in PEM format.
    type: path
  timeout:
    description:
      - Seconds that one request may take.
    type: int
    default: 30
  http_headers:
    description:
      - Further headers of every request, for example those of a Cloudflare Access service token.
    type: dict
notes:
  - E(COOLIFY_URL) and E(COOLIFY_TOKEN) are used where O(url) and O(token) are not given.
  - Requests that the API's rate limit refuses are sent again when Coolify says so; the task takes longer and does not fail.
  - Redirects are not followed, because the token would go along.
seealso:
  - name: Coolify API reference
    description: The names of the options are those of the API.
    link: https://coolify.io/docs/api-reference/authorization
"""

    # Of plugins that are no modules; the values come from ansible.cfg's world, not from a task
    PLUGIN = r"""
requirements:
  - "requests (on the controller)"
options:
  url:
    description:
      - Address of the Coolify panel, such as V(https://coolify.example.com). A trailing V(/api/v1) is ignored.
      - Required, here or in the environment.
    type: str
    env:
      - name: COOLIFY_URL
    vars:
      - name: coolify_url
  token:
    description:
      - API token, whole, with the number and the V(|) in front. Create it in Coolify under C(Keys & Tokens).
      - Required, here or in the environment.
    type: str
    env:
      - name: COOLIFY_TOKEN
    vars:
      - name: coolify_token
  validate_certs:
    description:
      - Whether the certificate of O(url) is verified.
    type: bool
    default: true
    env:
      - name: COOLIFY_VALIDATE_CERTS
    vars:
      - name: coolify_validate_certs
  ca_path:
    description:
      - File with the CA certificates that O(url) is verified with, in PEM format.
    type: path
    env:
      - name: COOLIFY_CA_PATH
    vars:
      - name: coolify_ca_path
  timeout:
    description:
      - Seconds that one request may take.
    type: int
    default: 30
    vars:
      - name: coolify_timeout
  http_headers:
    description:
      - Further headers of every request, for example those of a Cloudflare Access service token.
    type: dict
    vars:
      - name: coolify_http_headers
notes:
  - An inventory knows no variables but extra variables (C(-e)).
  - Redirects are not followed, because the token would go along.
"""
