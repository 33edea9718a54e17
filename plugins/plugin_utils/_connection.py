# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Coolify that an inventory or lookup plugin talks to."""

from __future__ import annotations

import typing as t

from ..module_utils._client import Client
from ..module_utils._errors import CoolifyError, InputError
from ..module_utils._http import REQUESTS_IMPORT_ERROR, is_plain_http
from ..module_utils._runner import connect

OPTIONS = ("url", "token", "validate_certs", "ca_path", "timeout", "http_headers")


def client_of(plugin: t.Any, templar: t.Any, display: t.Any) -> Client:
    """From the plugin's options, each of which may be a template. Raises CoolifyError."""
    if REQUESTS_IMPORT_ERROR:
        raise InputError(
            "the Python library requests is missing on the controller", "pip install requests, for the Python that runs Ansible."
        )
    options = {name: templar.template(plugin.get_option(name)) for name in OPTIONS}
    for name in ("url", "token"):
        # A value that is in an inline vault is text only when it is asked for it
        options[name] = str(options[name]).strip() if options[name] else None
        if not options[name]:
            raise InputError(f"{name} is missing", f"Set {name}, or COOLIFY_{name.upper()} in the environment.")
    client = connect(options, display.vvv)
    if is_plain_http(client.http.url):
        display.warning(f"{client.http.url} is not encrypted: the token travels in clear text; use https://")
    return client


def sentence(error: CoolifyError) -> str:
    """What went wrong and what to do, for plugins that have one text to say it in."""
    return f"{str(error).rstrip(chr(46))}. {error.troubleshooting}"
