# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Laravel's validator, as far as Coolify's rules go.

A rule set is a tuple of rules per field. A rule is a name ("string", "nullable", …), a pair like ``("max", 255)``, or a
function that gives the messages for a value. ``*`` in a field stands for every item of a list.
"""

from __future__ import annotations

import re
import typing as t

from .php import is_integer, is_numeric, text_of

Rule = t.Union[str, tuple[str, t.Any], t.Callable[[t.Any], t.Iterable[str]]]
Rules = dict[str, tuple[Rule, ...]]
Errors = dict[str, list[str]]

REQUIRED = "This field is required."

_MESSAGES = {
    "string": "The {field} field must be a string.",
    "boolean": "The {field} field must be true or false.",
    "integer": "The {field} field must be an integer.",
    "numeric": "The {field} field must be a number.",
    "array": "The {field} field must be an array.",
    "keys": "The {field} field must be an array.",
    "required": "The {field} field is required.",
    "regex": "The {field} field format is invalid.",
    "in": "The selected {field} is invalid.",
    "between": "The {field} field must be between {low} and {high}.",
    "max.string": "The {field} field must not be greater than {limit} characters.",
    "max.numeric": "The {field} field must not be greater than {limit}.",
    "max.array": "The {field} field must not have more than {limit} items.",
    "min.string": "The {field} field must be at least {limit} characters.",
    "min.numeric": "The {field} field must be at least {limit}.",
    "min.array": "The {field} field must have at least {limit} items.",
}


def _is_boolean(value: t.Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, (int, str)) and value in (0, 1, "0", "1"))


_TESTS: dict[str, t.Callable[[t.Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": _is_boolean,
    "integer": is_integer,
    "numeric": is_numeric,
    "array": lambda value: isinstance(value, (list, dict)),
}


def _size(value: t.Any, kind: str) -> float:
    if kind == "numeric":
        return float(text_of(value)) if is_numeric(value) or isinstance(value, bool) else 0
    return len(value) if isinstance(value, (str, list, dict)) else len(text_of(value))


def _failure(rule: tuple[str, t.Any], value: t.Any, kind: str) -> str | None:
    """The name of the message when the value fails a rule that has an argument."""
    name, argument = rule
    if name == "regex":
        failed = re.search(argument, text_of(value)) is None or isinstance(value, (list, dict, bool))
    elif name == "in":
        failed = isinstance(value, (list, dict)) or value is None or text_of(value) not in argument
    elif name == "keys":
        failed = not isinstance(value, dict) or not set(value) <= set(argument)
    elif name == "between":
        failed = not argument[0] <= _size(value, kind) <= argument[1]
    else:
        size = _size(value, kind)
        failed = size > argument if name == "max" else size < argument
        name = f"{name}.{kind}"
    return name if failed else None


def _values(data: t.Any, pattern: list[str], path: tuple[str, ...] = ()) -> t.Iterator[tuple[str, bool, t.Any]]:
    """(field, whether it is there, value) for every field that the pattern means."""
    if not pattern:
        yield ".".join(path), True, data
    elif pattern[0] == "*":
        items = enumerate(data) if isinstance(data, list) else data.items() if isinstance(data, dict) else ()
        for key, value in items:
            yield from _values(value, pattern[1:], (*path, str(key)))
    elif isinstance(data, dict) and pattern[0] in data:
        yield from _values(data[pattern[0]], pattern[1:], (*path, pattern[0]))
    elif "*" not in pattern:
        yield ".".join((*path, *pattern)), False, None


def validate(data: dict[str, t.Any], rules: Rules, messages: dict[str, str] | None = None) -> Errors:
    """The messages per field. ``messages`` has other texts for "rule" or "field.rule"."""
    errors: Errors = {}
    for pattern, checks in rules.items():
        kind = "numeric" if {"integer", "numeric"} & set(filter(_is_name, checks)) else "array" if "array" in checks else "string"
        for field, present, value in _values(data, pattern.split(".")):
            found = list(_check(present, value, checks, kind))
            if found:
                errors[field] = [_text(pattern, field, name, argument, messages or {}) for name, argument in found]
    return errors


def _is_name(rule: Rule) -> bool:
    return isinstance(rule, str)


def _check(present: bool, value: t.Any, checks: tuple[Rule, ...], kind: str) -> t.Iterator[tuple[str, t.Any]]:
    """(name of the message or the message itself, argument of the rule)."""
    for rule in checks:
        if rule == "required":
            if value is None or value in ([], {}):
                yield "required", None
                return  # nothing more is said about a missing field
        elif rule == "nullable" or not present or (value is None and "nullable" in checks):
            continue
        elif isinstance(rule, str):
            if not _TESTS[rule](value):
                yield rule, None
        elif callable(rule):
            yield from ((message, None) for message in rule(value))
        else:
            name = _failure(rule, value, kind)
            if name:
                yield name, rule[1]


def _text(pattern: str, field: str, name: str, argument: t.Any, messages: dict[str, str]) -> str:
    short = name.split(".")[0]
    text = messages.get(f"{pattern}.{short}") or messages.get(short) or _MESSAGES.get(name, name)
    low, high = argument if short == "between" else (None, None)
    return (
        text.replace("{field}", field.replace("_", " "))
        .replace("{limit}", str(argument))
        .replace("{low}", str(low))
        .replace("{high}", str(high))
    )
