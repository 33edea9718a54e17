# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian packages that real parts of the tests need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# package -> a file or command that it brings
KNOWN = {
    "apache2-utils": "htpasswd",
    "chromium": "chromium",
    "docker-registry": "docker-registry",
    "docker.io": "/usr/sbin/dockerd",
    "iproute2": "ip",
    "iptables": "/usr/sbin/iptables",
    "mmdebstrap": "mmdebstrap",
    "nginx-light": "/usr/sbin/nginx",
    "openssh-server": "/usr/sbin/sshd",
    "openssl": "openssl",
    "pebble": "pebble",
    "postgresql": "/usr/lib/postgresql/*/bin/postgres",
    "redis-server": "redis-server",
    "sudo": "sudo",
    "util-linux": "unshare",
}


def is_there(package: str) -> bool:
    wanted = KNOWN[package]
    if "*" in wanted:
        return any(Path("/").glob(wanted.lstrip("/")))
    return Path(wanted).exists() if wanted.startswith("/") else shutil.which(wanted) is not None


def need(*packages: str) -> None:
    """Return when all packages are there. Install what is missing when LAB_INSTALL=1, else say so and exit with 2."""
    missing = [package for package in packages if not is_there(package)]
    if missing and os.environ.get("LAB_INSTALL") == "1":
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
            # Nothing of it may start by itself: each part is started by us, on ports and in folders of ours
            done = subprocess.run(["apt-get", "-q", *command], env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"apt-get {' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
        missing = [package for package in packages if not is_there(package)]
    if missing:
        print(
            f"missing: {' '.join(missing)}\ninstall with: apt-get install {' '.join(missing)}   (or run again with LAB_INSTALL=1)",
            file=sys.stderr,
        )
        sys.exit(2)
    if os.geteuid() != 0:
        sys.exit("this needs root: it starts servers and namespaces of its own")
