# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation, guides and reference, as a site in BUILD/docs/html; a warning is an error: docs.py BUILD

Runs in the arranged tree, with antsibull-docs and Sphinx on PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

CONFIGURATION = """\
project = "selfhosted.coolify"
copyright = "selfhosted.coolify contributors"
title = "selfhosted.coolify"
html_short_title = title
html_theme = "sphinx_ansible_theme"
html_show_sphinx = False
extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
intersphinx_mapping = {{"ansible": ("{ansible}", "ansible.inv")}}
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
default_role = "any"
html_theme_options = {{"vcs_pageview_mode": "", "documentation_home_url": ""}}
"""
ANSIBLE = "https://docs.ansible.com/ansible/devel/"
# The pages of Ansible's own documentation that antsibull-docs refers to; their whole inventory is 2 MB and on the network
LABELS = {
    "action_plugins": "plugins/action.html",
    "callback_plugins": "plugins/callback.html",
    "inventory_plugins": "plugins/inventory.html",
    "lookup_plugins": "plugins/lookup.html",
    "common_return_values": "reference_appendices/common_return_values.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
}


def inventory() -> bytes:
    """Labels as Sphinx keeps them (version 2 of its objects.inv)."""
    head = "# Sphinx inventory version 2\n# Project: Ansible\n# Version: devel\n# The remainder of this file is compressed using zlib.\n"
    rows = "".join(f"{label} std:label -1 {page}#{label.replace('_', '-')} {label.replace('_', ' ')}\n" for label, page in LABELS.items())
    return head.encode() + zlib.compress(rows.encode())


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    target = build / "docs"
    shutil.rmtree(target, ignore_errors=True)
    source = target / "rst"
    source.mkdir(parents=True)
    (source / "conf.py").write_text(CONFIGURATION.format(ansible=ANSIBLE))
    (source / "ansible.inv").write_bytes(inventory())
    lint = ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", "."]
    pages = [
        "antsibull-docs",
        "collection",
        "--use-current",
        "--squash-hierarchy",
        "--fail-on-error",
        "--dest-dir",
        str(source),
        "selfhosted.coolify",
    ]
    site = [
        "sphinx-build",
        "-q",
        "-W",
        "--keep-going",
        "-j",
        "auto",
        "-b",
        "html",
        "-d",
        str(target / "doctrees"),
        str(source),
        str(target / "html"),
    ]
    subprocess.run(
        [sys.executable, str(Path(__file__).resolve().parent / "dependencies.py"), str(build)], check=True, stdout=subprocess.DEVNULL
    )
    with tempfile.TemporaryDirectory() as folder:
        # antsibull-docs copies what git knows, and git knows nothing of what galaxy.yml depends on, as long as it is in this checkout
        shutil.copytree(build / "tree/ansible_collections/community", Path(folder) / "ansible_collections/community")
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": f"{folder}:{build / 'tree'}"}
        if not all(succeeds(command, environment) for command in (lint, pages, site)):
            return 1
    print(f"docs: fine, {len(list((target / 'html').rglob('*.html')))} pages in {target / 'html'}")
    return 0


def succeeds(command: list[str], environment: dict[str, str]) -> bool:
    """antsibull-docs is talkative when all is well."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment)
    if done.returncode:
        print(done.stdout)
        print(f"docs: {command[0]} {command[1]} failed")
    return not done.returncode


if __name__ == "__main__":
    sys.exit(main())
