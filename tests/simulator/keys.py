# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SSH keys, as Coolify's library reads them."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

_SSH = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH


def generated() -> str:
    """The text of a new private key."""
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()).decode()


def public_text(private_key: str) -> str:
    """With an empty comment, so it ends with a space. Raises ValueError for what is no private key, or has a passphrase."""
    data = private_key.encode()
    load = serialization.load_ssh_private_key if b"OPENSSH" in data.partition(b"\n")[0] else serialization.load_pem_private_key
    try:
        return load(data, None).public_key().public_bytes(*_SSH).decode() + " "
    except (TypeError, ValueError) as error:
        raise ValueError(str(error)) from error


def fingerprint(private_key: str) -> str:
    """SHA-256 in base64 without its padding."""
    return base64.b64encode(hashlib.sha256(base64.b64decode(public_text(private_key).split()[1])).digest()).decode().rstrip("=")
