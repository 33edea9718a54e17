# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates in Traefik's ACME store: names, expiry and issuer, never the keys. Without any package: just enough of DER (X.690)."""

from __future__ import annotations

import base64
import binascii
import json
import typing as t
from datetime import datetime, timezone

SEQUENCE, CONTEXT_0, UTC_TIME, GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
COMMON_NAME, ORGANIZATION = b"\x55\x04\x03", b"\x55\x04\x0a"


def certificates(store: str) -> list[dict[str, t.Any]]:
    """``[{domains, not_after, issuer}]`` of the text of an acme.json; an empty one has none. Raises ValueError for anything else.

    ``not_after`` and ``issuer`` are None for a certificate that cannot be read.
    """
    content = json.loads(store) if store.strip() else {}
    found = []
    # Version 1 of the format had no resolvers in between
    for resolver in [content] if "Certificates" in content else content.values():
        for item in (resolver or {}).get("Certificates") or []:
            domain = item.get("domain") or item.get("Domain") or {}
            names = [domain.get("main") or domain.get("Main"), *(domain.get("sans") or domain.get("SANs") or [])]
            not_after, issuer = _read(item.get("certificate") or item.get("Certificate") or "")
            found.append({"domains": [name for name in dict.fromkeys(names) if name], "not_after": not_after, "issuer": issuer})
    return found


def _read(encoded: str) -> tuple[str | None, str | None]:
    try:
        return read_pem(base64.b64decode(encoded))
    except (ValueError, LookupError):
        return None, None


def read_pem(pem: bytes) -> tuple[str, str | None]:
    """(not_after, issuer) of the first certificate of a chain. Raises ValueError or LookupError for what is none."""
    begin, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    if begin not in pem or end not in pem:
        raise ValueError("there is no certificate")
    try:
        der = base64.b64decode(pem.split(begin, 1)[1].split(end, 1)[0])
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    return read_der(der)


def read_der(der: bytes) -> tuple[str, str | None]:
    """Certificate → tbsCertificate → [version], serial number, signature, issuer, validity (RFC 5280, 4.1)."""
    to_be_signed = _children(_children(der)[0][1])[0][1]
    fields = _children(to_be_signed)
    if fields[0][0] == CONTEXT_0:
        fields = fields[1:]
    return _time(*_children(fields[3][1])[1]), _name(fields[2][1])


def _children(data: bytes) -> list[tuple[int, bytes]]:
    """The (tag, content) pairs that a piece of DER consists of."""
    found, place = [], 0
    while place < len(data):
        tag, length, place = data[place], data[place + 1], place + 2
        if length & 0x80:
            size = length & 0x7F
            length, place = int.from_bytes(data[place : place + size], "big"), place + size
        if place + length > len(data):
            raise ValueError("the certificate is cut off")
        found.append((tag, data[place : place + length]))
        place += length
    return found


def _time(tag: int, content: bytes) -> str:
    form = {UTC_TIME: "%y%m%d%H%M%SZ", GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}[tag]
    return datetime.strptime(content.decode("ascii"), form).replace(tzinfo=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _name(content: bytes) -> str | None:
    """``R11 (Let's Encrypt)``: common name and organization, whichever are there."""
    parts = {}
    for _set, attributes in _children(content):
        for _sequence, attribute in _children(attributes):
            (_oid, kind), (_string, text) = _children(attribute)[:2]
            parts.setdefault(kind, text.decode("utf-8", "replace"))
    common, organization = parts.get(COMMON_NAME), parts.get(ORGANIZATION)
    return f"{common} ({organization})" if common and organization else common or organization
