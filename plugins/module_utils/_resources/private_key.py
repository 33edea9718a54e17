# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH keys with which Coolify logs in to servers and repositories (resources.md 8).

The private part is compared by its fingerprint, which every token may read.
"""

from __future__ import annotations

import base64
import hashlib
import typing as t

from .._client import Client, path
from .._context import Context, Module
from .._errors import ApiError, InputError, InUse
from .._fields import NAME, NEVER, Change, Codec, Field, body, creation, declared, differences, option_spec, shown, visible, without_tags
from .._plan import Plan, Step, Undone
from .resource import ONE_NAME, Live, creation_step, locate, patch_step, unknown_yet, verify_stored

LIST = "/security/keys"
BEGIN = "-----BEGIN"


def public_key(private_key: str) -> str:
    """Type and data of the public part, in OpenSSH's form. Raises InputError for what Coolify would refuse."""
    try:
        # Not at the top: it takes 35 ms
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
    except ImportError as error:
        raise InputError("private_key: comparing keys needs the Python library cryptography", "Install it where the task runs.") from error
    data = f"{private_key.strip()}\n".encode()
    load = serialization.load_ssh_private_key if "OPENSSH" in private_key.partition("\n")[0] else serialization.load_pem_private_key
    try:
        public = load(data, None).public_key()
        return public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    except TypeError as error:
        raise InputError("private_key: it has a passphrase, which Coolify does not take", "Remove it with ssh-keygen -p.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        # What the library says could quote the key
        raise InputError("private_key: it is no private SSH key", "Give the whole text, from -----BEGIN to -----END.") from error


def fingerprint(text: str) -> str:
    """Of a private key, as Coolify shows it: SHA-256 in base64 without padding. A fingerprint is its own."""
    if not text.startswith(BEGIN):
        return text
    data = base64.b64decode(public_key(text).split()[1])
    return base64.b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def _check_key(text: str) -> str | None:
    return None if text.startswith(BEGIN) else f"expected the text of a private key, which begins with {BEGIN}"


def _check_length(text: str) -> str | None:
    return "longer than 255 characters" if len(text) > 255 else None


FIELDS: tuple[Field, ...] = (
    Field("name", NAME, clear=NEVER, check=_check_length),
    Field("description", NAME, clear=NEVER, check=_check_length),
    Field("private_key", Codec("str", from_option=str.strip, key=fingerprint), "fingerprint", clear=NEVER, secret=True, check=_check_key),
)


def view(answer: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "uuid": answer["uuid"],
        **visible(FIELDS, answer),
        "fingerprint": answer.get("fingerprint"),
        "public_key": (answer.get("public_key") or "").strip() or None,
        "is_git_related": answer.get("is_git_related"),
    }


def plan(ctx: Context) -> Plan:
    """The module's function: what takes the key to the declared state."""
    options = ctx.options
    live = Live(ctx, "private key", without_tags(options.get("name") or options["uuid"]), options.get("uuid"), collection="security/keys")
    result = Plan(seen=lambda: view(live.read()))
    wanted = declared(FIELDS, options)
    if "private_key" in wanted:
        fingerprint(wanted["private_key"])
    keys = ctx.client.items(LIST)
    for key in keys:
        ctx.secrets.update(filter(None, [key.get("private_key")]))
    if not locate(live, lambda: keys):
        return result
    if options["state"] == "absent":
        return plan_removal(live, result) if live.answer else result
    if live.answer is None and "private_key" not in wanted:
        return unknown_yet(live, result, list(wanted), "private_key")
    _refuse_twin(live, keys, wanted)
    if live.answer is None:
        plan_creation(live, result, wanted)
    else:
        plan_update(live, result, wanted)

    def refresh() -> None:
        if result.steps:
            live.read()
            verify_stored(live, FIELDS, wanted, "Look at the key in Coolify.")
        result.resource, result.resource_id = view(live.answer), live.uuid

    result.result = refresh
    return result


def _refuse_twin(live: Live, keys: t.Iterable[dict[str, t.Any]], wanted: t.Mapping[str, t.Any]) -> None:
    """Coolify keeps a key once per team, and says no more than that it exists."""
    if "private_key" not in wanted:
        return
    mark = fingerprint(wanted["private_key"])
    twin = next((key for key in keys if key.get("fingerprint") == mark and key["uuid"] != live.uuid), None)
    if twin:
        raise InputError(
            f'private_key: Coolify has this key already, as "{twin["name"]}" ({twin["uuid"]}), and keeps each once in a team',
            "Use that name; or give its uuid, then name becomes its new name.",
        )


def _with_public_part(diff: dict[str, dict[str, t.Any]], before: str | None, private_key: str) -> dict[str, dict[str, t.Any]]:
    """The diff with the fingerprints, by which a person can tell the keys apart."""
    sides = {"before": {**diff["before"], "fingerprint": before}, "after": {**diff["after"], "fingerprint": fingerprint(private_key)}}
    return sides if before else {**sides, "before": {}}


def plan_creation(live: Live, result: Plan, wanted: dict[str, t.Any]) -> None:
    client = live.ctx.client
    changes = creation(FIELDS, wanted)
    mark = fingerprint(wanted["private_key"])

    def look() -> dict[str, t.Any] | None:
        return next((key for key in client.items(LIST) if key.get("fingerprint") == mark), None)

    result.steps.append(creation_step(live, result, f"create {live.words}", LIST, body(changes), look))
    result.merge_diff(_with_public_part({"before": {}, "after": shown(changes)["after"]}, None, wanted["private_key"]))
    plain = {name: value for name, value in wanted.items() if name != "private_key"}
    result.resource = {
        "uuid": None,
        "description": None,
        **plain,
        "fingerprint": mark,
        "public_key": public_key(wanted["private_key"]),
        "is_git_related": False,
    }


def plan_update(live: Live, result: Plan, wanted: dict[str, t.Any]) -> None:
    answer = live.answer
    result.resource_id, result.resource, result.before = live.uuid, view(answer), visible(FIELDS, answer)
    changes = differences(FIELDS, wanted, answer)
    if not changes:
        return
    names = ", ".join(change.field.name for change in changes)
    # Coolify wants the key with every change, and as text
    text = wanted.get("private_key") or answer.get("private_key")
    if not text:
        raise InputError(
            f"changing {names} of {live.words} needs private_key too: Coolify wants it with every change, and this token may not read it",
            "Give private_key, or use a token with read:sensitive (or root) whose owner is an admin of the team.",
        )
    other = any(change.field.name == "private_key" for change in changes)
    diff = shown(changes)
    if other:
        diff = _with_public_part(diff, answer.get("fingerprint"), text)
        _warn_of_servers(live, result)
        result.resource = {**result.resource, "fingerprint": fingerprint(text), "public_key": public_key(text)}
        if not answer.get("private_key"):
            result.risk("high", f"the token may not read the key that {live.words} holds now, so it could not be restored")
    result.merge_diff(diff)
    result.resource = {**result.resource, **{name: value for name, value in wanted.items() if name != "private_key"}}
    request = {**body(changes), "private_key": text}
    result.steps.append(
        patch_step(
            live,
            f"set {names} of {live.words}",
            lambda: [request],
            lambda: _undo(live, changes),
            f"set {names} of {live.words} as they were",
        )
    )


def _undo(live: Live, changes: list[Change]) -> Undone:
    old, now = live.answer, live.read()
    before = {change.field.name: change.before for change in changes}
    if not differences(FIELDS, before, now):
        return Undone(False)
    text = old.get("private_key")
    if not text:
        return Undone(True, tuple(before))
    back = [Change(change.field, change.after, change.before) for change in changes]
    live.ctx.client.patch(live.path, {**body(back), "private_key": text})
    return Undone(True, tuple(change.field.name for change in differences(FIELDS, before, live.read())))


def users(client: Client, number: int) -> list[dict[str, t.Any]]:
    """Who uses the key of that number. Coolify tells it of a server only when asked for that one."""
    servers, applications, apps = client.gather(
        lambda: client.items("/servers"), lambda: client.items("/applications"), lambda: client.items("/github-apps")
    )
    full = client.gather(*[lambda uuid=item["uuid"]: client.get(path("servers", uuid)) for item in servers])
    kinds = (("server", full), ("application", applications), ("GitHub app", apps))
    return [
        {"uuid": item["uuid"], "name": item["name"], "type": kind}
        for kind, items in kinds
        for item in items
        if item.get("private_key_id") == number
    ]


def words_of(resources: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    return ", ".join(f'{item["type"]} "{item["name"]}" ({item["uuid"]})' for item in resources)


def _warn_of_servers(live: Live, result: Plan) -> None:
    used = users(live.ctx.client, live.answer["id"])
    if used:
        result.risk("high", f"{words_of(used)}: with the new key Coolify can log in only where its public part is authorized already")


def plan_removal(live: Live, result: Plan) -> Plan:
    client = live.ctx.client
    used = users(client, live.answer["id"])
    if used:
        raise InUse(f"{live.words} cannot be deleted, it is used by {words_of(used)}", resources=used)

    def apply() -> None:
        try:
            client.delete(live.path)
        except ApiError as error:
            if "in use" not in error.answer:
                raise
            # GitLab apps are in no list
            raise InUse(f"{live.words} cannot be deleted: {error.answer}") from error
        live.ctx.say(f"deleted {live.words} ({live.uuid})")

    result.resource_id, result.before = live.uuid, visible(FIELDS, live.answer)
    result.merge_diff({"before": view(live.answer), "after": {}})
    result.risk("high", f"{live.words} is deleted with its private part, which nothing brings back")
    result.steps.append(Step(f"delete {live.words} ({live.uuid})", apply, destructive=True))
    return result


MODULE = Module(
    "coolify_private_key",
    {
        "name": {"type": "str"},
        "uuid": {"type": "str"},
        **{name: spec for name, spec in option_spec(FIELDS).items() if name != "name"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "confirm_destructive": {"type": "bool", "default": False},
    },
    plan=plan,
    returns="private_key",
    constraints=ONE_NAME,
)
