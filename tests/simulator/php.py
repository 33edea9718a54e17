# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The habits of PHP and Laravel that show in Coolify's answers."""

from __future__ import annotations

import base64
import binascii
import html
import json
import random
import re
import string
import typing as t

_TRIMMED = "".join(chr(c) for c in (0, 0xFEFF, 0x200B, 0x200E)) + string.whitespace
_NEVER_TRIMMED = ("password", "current_password", "password_confirmation")
_TAG = re.compile(r"<(?=[^\s])[^>]*(?:>|$)")
_TRUE = ("1", "true", "on", "yes")
# what a PostgreSQL boolean column takes as text
_SQL_BOOLEANS = {**dict.fromkeys(("1", "t", "true", "y", "yes", "on"), True), **dict.fromkeys(("0", "f", "false", "n", "no", "off"), False)}


def public_id(length: int = 24) -> str:
    return "".join(random.choices(string.ascii_lowercase + string.digits, k=length))


def letters(length: int) -> str:
    return "".join(random.choices(string.ascii_letters + string.digits, k=length))


def trim(text: str) -> str:
    return text.strip().strip(_TRIMMED)


def clean(value: t.Any, key: str | None = None) -> t.Any:
    """What the global middleware makes of input: strings trimmed, empty ones null."""
    if isinstance(value, str):
        return (value if key in _NEVER_TRIMMED else trim(value)) or None
    if isinstance(value, dict):
        return {k: clean(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


def strip_tags(text: str | None) -> str:
    return _TAG.sub("", text or "")


def sanitized(text: str) -> str:
    """How images are read: without tags and with entities, so & becomes &amp;."""
    return html.escape(strip_tags(text)).replace("&#x27;", "&apos;").strip()


def truthy(value: t.Any) -> bool:
    return bool(value) and value != "0"


def boolean(value: t.Any, default: bool = False) -> bool:
    """``$request->boolean()``: 1, true, on and yes are true, anything else is false."""
    return default if value is None else text_of(value).lower() in _TRUE


def text_of(value: t.Any) -> str:
    """A scalar as PHP prints it."""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def sql_boolean(value: t.Any) -> bool | None:
    """What a boolean column holds afterwards; None when PostgreSQL refuses it."""
    return value if isinstance(value, bool) else _SQL_BOOLEANS.get(text_of(value).lower())


def is_integer(value: t.Any) -> bool:
    return re.fullmatch(r"\s*[+-]?(0|[1-9]\d*)\s*", text_of(value)) is not None if not isinstance(value, (list, dict)) else False


def is_numeric(value: t.Any) -> bool:
    if isinstance(value, (int, float)):
        return not isinstance(value, bool)
    return isinstance(value, str) and re.fullmatch(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", value) is not None


def decode_base64(value: t.Any) -> str | None:
    """The text when encoding it again gives the very same letters, else None. Coolify's only test for base64."""
    try:
        decoded = base64.b64decode(value, validate=True)
        return decoded.decode() if base64.b64encode(decoded).decode() == value else None
    except (binascii.Error, UnicodeDecodeError, TypeError, ValueError):
        return None


def encode_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?:(?P<user>[^/?#@:]*)(?::(?P<pass>[^/?#@]*))?@)?"
    r"(?P<host>\[[^\]/?#]*\]|[^/?#:]*)(?::(?P<port>[^/?#]*))?)?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
# FILTER_VALIDATE_URL takes host names only, and nothing outside ASCII
_HOST = re.compile(
    r"(?=.{1,253}\.?\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\]"
)
_URL_CHARACTERS = re.compile(r"[\x21-\x7e]+")


def parse_url(url: str) -> dict[str, t.Any] | None:
    """The parts that are there, ``port`` as a number; None for what PHP's parse_url refuses."""
    match = _URL.fullmatch(url)
    parts: dict[str, t.Any] = {k: v for k, v in match.groupdict().items() if v is not None} if match else {}
    if not parts or ("host" in parts and not parts["host"]):
        return None
    if parts.get("port") == "":
        del parts["port"]
    if "port" in parts:
        if not parts["port"].isdigit() or int(parts["port"]) > 65535:
            return None
        parts["port"] = int(parts["port"])
    if not parts["path"]:
        del parts["path"]
    return parts


def is_web_url(url: str) -> bool:
    """http or https with a host, where underscores are allowed."""
    parts = parse_url(url)
    if parts is None or parts.get("scheme", "").lower() not in ("http", "https") or not parts.get("host"):
        return False
    return _HOST.fullmatch(parts["host"].replace("_", "-")) is not None and _URL_CHARACTERS.fullmatch(url) is not None


def web_json(value: t.Any) -> bytes:
    """As Laravel's response()->json(): compact, slashes escaped."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


def pretty_json(value: t.Any) -> bytes:
    """As the framework's own error pages."""
    return json.dumps(value, indent=4).encode()
