#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_site_check
short_description: Check a web site as visitors see it
version_added: 0.1.0
description:
  - Asks a site over HTTP and HTTPS after a deployment, and says of each check whether it passed, failed or was skipped, and what was seen.
    What nobody could see is skipped, never passed.
  - C(container_health) is what O(host_evidence) or O(status) say. C(health_endpoint) wants 200 and O(health_text) from O(health_path).
    C(https) wants 200 from each of O(pages). C(certificate) has to be trusted, not to expire soon, and to be of O(issuer). C(redirect) wants
    C(http://) to lead to C(https://).
  - C(security_headers) looks for O(headers) on the pages, on what they load from the site itself, and on an error page. C(assets) asks for
    everything that the pages and their style sheets refer to, and for files that cannot be there, which have to be answered with an error.
    C(console) loads the pages in a headless Chromium and wants no error in its console.
  - Runs wherever the site can be reached from, usually on the controller, needs no Coolify, and changes nothing.
author:
  - selfhosted.coolify contributors (@selfhosted)
requirements:
  - requests
  - cryptography, for the issuer of certificates
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
  site:
    description:
      - Address of the site, such as V(https://www.example.com). With V(http://) the checks C(https), C(certificate) and C(redirect) are skipped.
    type: str
    required: true
  pages:
    description:
      - Paths of the pages that are looked at.
    type: list
    elements: str
    default: [/]
  checks:
    description:
      - What to check. The rest is skipped.
    type: list
    elements: str
    choices: [container_health, health_endpoint, https, certificate, redirect, security_headers, assets, console]
    default: [container_health, health_endpoint, https, certificate, redirect, security_headers, assets, console]
  host_evidence:
    description:
      - What M(selfhosted.coolify.coolify_host_info) found on the server. Its C(probes) of O(health_path), which are made from the proxy's place in
        the network, are judged by C(health_endpoint).
    type: dict
  container:
    description:
      - The container in O(host_evidence), by its name or id, or by the name, uuid or id that Coolify has for the resource.
    type: str
  status:
    description:
      - Coolify's status of the application, such as V(running:healthy), for where there is no O(host_evidence).
    type: str
  health_path:
    description:
      - Path of the health endpoint.
    type: str
    default: /health
  health_text:
    description:
      - A text that the health endpoint's answer has to contain.
    type: str
    default: OK
  issuer:
    description:
      - A text that the name of the certificate's issuer has to contain, such as V(Let's Encrypt). Without it any trusted one is fine.
    type: str
  min_certificate_days:
    description:
      - How many days the certificate has to be valid for at least.
    type: int
    default: 15
  headers:
    description:
      - Headers that have to be on every answer, with their values. With an empty value, any is fine.
    type: dict
    default:
      X-Frame-Options: ""
      X-Content-Type-Options: ""
  external_assets:
    description:
      - Whether assets on other hosts are asked for, too.
    type: bool
    default: true
  browser:
    description:
      - Program to load the pages with, such as V(chromium). Without it C(console) is skipped.
      - Certificates are not looked at by the browser; that is what C(certificate) does. As root it runs without its sandbox.
    type: str
  address:
    description:
      - Address to connect to, instead of where the site's name leads. This checks a server before DNS leads to it, or behind a CDN.
    type: str
  http_port:
    description:
      - Port on which C(http://) is redirected.
    type: int
    default: 80
  site_ca_path:
    description:
      - File with certificates of authorities that are trusted in addition to the system's.
    type: path
  timeout:
    description:
      - Seconds to wait for one answer. A page may take three times as long in the browser.
    type: float
    default: 10
  wait_timeout:
    description:
      - Seconds in which everything has to pass. It is looked again while something fails. A first certificate takes up to five minutes.
    type: float
    default: 0
  fail_on:
    description:
      - V(failed) lets the task fail when a check failed, V(skipped) also when one was skipped that was asked for.
      - With V(never) it does not fail, and RV(passed) is judged as with V(failed).
    type: str
    choices: [failed, skipped, never]
    default: failed
notes:
  - It takes no token, and is not in the action group of the modules that do.
  - Proxies of the environment are not used.
seealso:
  - module: selfhosted.coolify.coolify_diagnose
  - module: selfhosted.coolify.coolify_compose_lint
"""

EXAMPLES = r"""
---
- name: Check a site
  selfhosted.coolify.coolify_site_check:
    site: https://www.example.com
  delegate_to: localhost

- name: Check a server before DNS leads to it, and wait for its first certificate
  selfhosted.coolify.coolify_site_check:
    site: https://www.example.com
    address: 203.0.113.10
    issuer: Let's Encrypt
    wait_timeout: 300
    headers:
      X-Frame-Options: SAMEORIGIN
      X-Content-Type-Options: nosniff
      Strict-Transport-Security: ""
    browser: chromium
  delegate_to: localhost
  register: site

- name: Show what was seen
  ansible.builtin.debug:
    msg: "{{ site.checks | items2dict(key_name='check', value_name='reason') }}"
"""

RETURN = r"""
---
checks:
  description:
    - Every check, each with C(check), C(outcome), C(reason) and C(seen).
    - C(outcome) is V(passed), V(failed) or V(skipped).
  returned: success and failure
  type: list
  elements: dict
  sample:
    - check: certificate
      outcome: failed
      reason: "it is the proxy's own, TRAEFIK DEFAULT CERT: there is none for this name yet"
      seen:
        issuer: CN=TRAEFIK DEFAULT CERT
        days: 364.9
passed:
  description: Whether nothing was found that O(fail_on) is about.
  returned: success and failure
  type: bool
failed_checks:
  description: The names of those that failed.
  returned: success and failure
  type: list
  elements: str
attempts:
  description: How often it was looked.
  returned: success and failure
  type: int
msg:
  description: The outcomes, one a line after how many there are.
  returned: always
  type: str
  sample: |-
    https://www.example.com: 6 passed, 1 failed, 1 skipped
    failed certificate: it expires in 3.1 days, sooner than 15
"""

import time
import typing as t
import warnings

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.selfhosted.coolify.plugins.module_utils._http import REQUESTS_IMPORT_ERROR
from ansible_collections.selfhosted.coolify.plugins.module_utils._site import checks

HEADERS = {"X-Frame-Options": "", "X-Content-Type-Options": ""}
ARGUMENT_SPEC: dict[str, t.Any] = {
    "site": {"type": "str", "required": True},
    "pages": {"type": "list", "elements": "str", "default": ["/"]},
    "checks": {"type": "list", "elements": "str", "choices": list(checks.CHECKS), "default": list(checks.CHECKS)},
    "host_evidence": {"type": "dict"},
    "container": {"type": "str"},
    "status": {"type": "str"},
    "health_path": {"type": "str", "default": "/health"},
    "health_text": {"type": "str", "default": "OK"},
    "issuer": {"type": "str"},
    "min_certificate_days": {"type": "int", "default": 15},
    "headers": {"type": "dict", "default": HEADERS},
    "external_assets": {"type": "bool", "default": True},
    "browser": {"type": "str"},
    "address": {"type": "str"},
    "http_port": {"type": "int", "default": 80},
    "site_ca_path": {"type": "path"},
    "timeout": {"type": "float", "default": 10},
    "wait_timeout": {"type": "float", "default": 0},
    "fail_on": {"type": "str", "choices": ["failed", "skipped", "never"], "default": "failed"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    if REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    problem = checks.complaint(module.params)
    if problem:
        module.fail_json(msg=problem)
    # What is behind a certificate that nobody trusts is of interest too, and requests in parallel restore each other's filters
    warnings.simplefilter("ignore")
    outcomes, attempts = checks.look(module.params, time.monotonic, time.sleep)
    result = {**checks.report(module.params, outcomes), "changed": False, "attempts": attempts}
    if not result["passed"] and module.params["fail_on"] != "never":
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
