# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Coolify's verbs: decoded JSON or one readable exception."""

from __future__ import annotations

import json
import re
import threading
import typing as t
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import cached_property
from urllib.parse import quote

from ._errors import ApiError, CoolifyError, NotFound, OutcomeUnknown, Unreachable, Unreadable, Unsupported
from ._http import Answer, Http, in_parallel

CONNECTIONS = 4
LOOKS = (0.0, 1.0, 2.0)
"""Seconds to wait before each look for what a lost answer may have created."""

LISTS = (
    "environments",
    "applications",
    "services",
    "databases",
    "postgresqls",
    "redis",
    "mongodbs",
    "mysqls",
    "mariadbs",
    "deployments",
    "executions",
    "persistent_storages",
    "file_storages",
)
OBJECTS = ("project", "environment", "server", "destination", "settings")
TEXTS = (
    "uuid",
    "name",
    "status",
    "key",
    "type",
    "fqdn",
    "mount_path",
    "frequency",
    "deployment_uuid",
    "created_at",
    "finished_at",
    "internal_db_url",
    "external_db_url",
    "database_type",
    "docker_compose_raw",
    "custom_labels",
    "image",
    "value",
    "comment",
    "logs",
)
SHAPES: dict[str, type] = {**dict.fromkeys(LISTS, list), **dict.fromkeys(OBJECTS, dict), **dict.fromkeys(TEXTS, str), "id": int}
"""What these are wherever they occur in an answer, if they are there; all but lists can be null. A test compares it with every recording."""

FORBIDDEN = (
    ("API is disabled", "Switch the API on in Coolify under Settings → Configuration → Advanced → API Access (a new instance has it off)."),
    ("not allowed to access the API", "Add this controller's address to Settings → Configuration → Advanced → Allowed IPs for API Access."),
    ("Missing required permissions", "Create a token with this ability under Keys & Tokens → API tokens (or ask for a root token)."),
    ("Missing required team role", "The token's owner is a plain member of the team; an admin or owner has to create the token."),
    ("current role as a team member", "The token's owner is a plain member of the team; an admin or owner has to create the token."),
    ("", "The token's owner may not do this in its team; an admin or owner has to create the token."),
)
ADVICE = {
    400: "Correct what the message names.",
    401: "The token is unknown, expired or was deleted (Coolify deletes tokens when the owner's password or role changes). "
    "Create a new one under Keys & Tokens → API tokens and pass it whole, with the number and the | in front.",
    404: "It does not exist, or belongs to another team: a token sees its own team only.",
    405: "Upgrade the collection or Coolify: their versions do not fit together.",
    409: "Change the value, or look at what holds it.",
    422: "Correct the named options.",
    429: "Coolify allows 200 requests a minute and 25 queued deployments per server; try again later or raise API_RATE_LIMIT on the Coolify host.",
    500: "Look at Coolify's own log (docker logs coolify); a value too long for its database column ends like this.",
    503: "Coolify is in maintenance, for example during an upgrade. Try again later.",
}


def version_tuple(text: str) -> tuple[int, ...]:
    """``4.3.11`` and ``4.4-rc.1`` as something that can be compared; a release candidate counts as its release."""
    numbers = [int(part) for part in re.findall(r"\d+", text.split("-")[0])[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))


def path(*parts: str) -> str:
    """A path below /api/v1 with each part quoted."""
    return "/" + "/".join(quote(str(part), safe="") for part in parts)


class Told(t.Dict[str, t.Any]):
    """An object of an answer: what is not in it is the server's fault and no bug of ours."""

    def __missing__(self, key: str) -> t.NoReturn:
        raise Unreadable(f"Coolify's answer has no {key} where it always has one")


def told(data: dict[str, t.Any]) -> Told:
    """Raises Unreadable for what can be nothing of Coolify's."""
    for name in SHAPES.keys() & data.keys():
        value, shape = data[name], SHAPES[name]
        if not isinstance(value, shape) and (value is not None or shape is list):
            raise Unreadable(f"{name} is {'null' if value is None else f'of type {type(value).__name__}'}")
        if shape is list and not all(isinstance(item, dict) for item in value):
            raise Unreadable(f"{name} has something else than objects in it")
    return Told(data)


class Client:
    """One token on one Coolify. Every method raises CoolifyError; GETs return decoded JSON."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self._seen: dict[t.Any, Future[t.Any]] | None = None
        self._lock = threading.RLock()

    def get(self, where: str, since: str | None = None, *, has: str = "", **query: t.Any) -> dict[str, t.Any]:
        """One object; ``has`` is a key that it cannot lack."""
        data = self._read(where, query, since)
        if not isinstance(data, dict) or (has and has not in data):
            raise Unreadable(
                f"GET {where} answered JSON that is none of Coolify's: {f'the key {has}' if has else 'an object'} was expected"
            )
        return data

    def items(self, where: str, since: str | None = None, **query: t.Any) -> list[dict[str, t.Any]]:
        """A list of objects. Some of Coolify's lists become an object keyed by number (applications.md 7.5)."""
        data = self._read(where, query, since)
        rows = list(data.values()) if isinstance(data, dict) else data
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Unreadable(f"GET {where} answered JSON that is none of Coolify's: a list of objects was expected")
        return rows

    def post(self, where: str, body: t.Any = None, since: str | None = None, **query: t.Any) -> t.Any:
        return self._call("POST", where, body, query or None, since)

    def patch(self, where: str, body: t.Any, since: str | None = None) -> t.Any:
        return self._call("PATCH", where, body, since=since)

    def put(self, where: str, body: t.Any, since: str | None = None) -> t.Any:
        return self._call("PUT", where, body, since=since)

    def delete(self, where: str, since: str | None = None, **query: t.Any) -> t.Any:
        """Deleting what is gone already is done, not an error."""
        try:
            return self._call("DELETE", where, query=query or None, since=since)
        except NotFound as error:
            if error.route:
                raise
            return None

    def create(self, where: str, body: t.Any, look: t.Callable[[], t.Any], what: str) -> t.Any:
        """POST that creates, never repeated blindly: after a lost answer ``look`` says what exists now (None: nothing), then it is decided."""
        try:
            return self.post(where, body)
        except (Unreachable, Unreadable) as lost:
            if not lost.sent:
                raise
            found = self._look_again(look, lost)
            if found is not None:
                return found
            if lost.late:
                raise OutcomeUnknown(
                    f"{lost}; {what} does not exist now, but may still appear",
                    f"Look whether {what} appears before you run the task again; it will be found by its name.",
                ) from lost
            return self._create_again(where, body, look, what)
        except ApiError as error:
            if not error.may_have_acted:
                raise
            found = _seen(look, error)
            if found is None:
                error.acted = False
                raise
            half = OutcomeUnknown(
                f"{error}; nevertheless {what} exists now ({found.get('uuid') or found.get('id')}), probably half configured",
                "Look at Coolify's own log. Running the task again converges it; or delete it.",
            )
            half.found, half.acted = found, True
            raise half from error

    def _create_again(self, where: str, body: t.Any, look: t.Callable[[], t.Any], what: str) -> t.Any:
        try:
            return self.post(where, body)
        except (Unreachable, Unreadable) as lost:
            found = self._look_again(look, lost) if lost.sent else None
            if found is None:
                raise OutcomeUnknown(
                    f"{lost}; the answer was lost twice and {what} does not exist", "Look at what stands between here and Coolify."
                ) from lost
            return found

    def _look_again(self, look: t.Callable[[], t.Any], lost: CoolifyError) -> t.Any:
        for pause in LOOKS:
            self.http.sleeper(pause)
            found = _seen(look, lost)
            if found is not None:
                return found
        return None

    def gather(self, *reads: t.Callable[[], t.Any]) -> list[t.Any]:
        """The results of reads that do not depend on each other, made on up to 4 connections; the first error is raised."""
        return in_parallel(reads, CONNECTIONS)

    @contextmanager
    def snapshot(self) -> t.Iterator[None]:
        """While the plans of several resources are made, what they all look at is read once; answers are not to be changed."""
        self._seen = {}
        try:
            yield
        finally:
            self._seen = None

    def foresee(self, where: str) -> None:
        """Read for the snapshot what may be needed; whoever needs it is told when that failed."""
        with suppress(CoolifyError):
            self._read(where, {}, None)

    @property
    def version(self) -> str:
        """Such as ``4.3.11``; asked for at most once per task, and only when something depends on it."""
        with self._lock:
            return self._version

    @cached_property
    def _version(self) -> str:
        text = self._answer("GET", "/version").text.strip()
        if not re.match(r"v?\d+\.\d+", text):
            raise Unreadable("GET /version answered something else than a version")
        return text.lstrip("v")

    def require(self, since: str, what: str) -> None:
        """Raise Unsupported when the server is older than ``since``."""
        if version_tuple(self.version) < version_tuple(since):
            raise Unsupported(f"{what} needs Coolify {since} or later, this server runs {self.version}")

    def _answer(self, method: str, where: str, body: t.Any = None, query: t.Mapping[str, t.Any] | None = None) -> Answer:
        answer = self.http.send(method, where, body, _flat(query))
        if 300 <= answer.status < 400:
            target = answer.headers.get("Location", "elsewhere").split("?")[0]
            raise Unreadable(
                f"{method} {where} was redirected to {target}; redirects are not followed, because the token would go along",
                "Use the address that the panel really has as url (https:// instead of http://, no login page in front).",
            )
        if answer.status >= 400:
            raise error_of(answer, method, where)
        return answer

    def _read(self, where: str, query: dict[str, t.Any], since: str | None) -> t.Any:
        """A GET, which during a snapshot goes out once, whichever thread asks first."""
        if self._seen is None:
            return self._call("GET", where, query=query or None, since=since)
        with self._lock:
            key = (where, tuple(sorted(query.items())))
            mine, known = Future(), self._seen.get(key)  # type: ignore[var-annotated]
            if known is None:
                self._seen[key] = mine
        if known is not None:
            return known.result()
        try:
            mine.set_result(self._call("GET", where, query=query or None, since=since))
        except BaseException as error:  # whoever waits for it has to learn of it
            mine.set_exception(error)
        return mine.result()

    def _call(
        self, method: str, where: str, body: t.Any = None, query: t.Mapping[str, t.Any] | None = None, since: str | None = None
    ) -> t.Any:
        try:
            answer = self._answer(method, where, body, query)
        except NotFound:
            # An older server does not know the route; some fall into another one (GET /projects/{uuid}/envs: "Environment not found.")
            if since:
                self.require(since, f"{method} {where}")
            raise
        try:
            data = json.loads(answer.text, object_hook=told)
        except ValueError as error:
            raise Unreadable(
                f"{method} {where} answered {answer.status} with {_kind(answer)} instead of JSON", sent=method != "GET"
            ) from error
        except Unreadable as error:
            raise Unreadable(f"{method} {where} answered JSON that is none of Coolify's: {error}", sent=method != "GET") from error
        if not isinstance(data, (dict, list)):
            raise Unreadable(f"{method} {where} answered {answer.status} with JSON that is none of Coolify's", sent=method != "GET")
        return data


def _seen(look: t.Callable[[], t.Any], lost: CoolifyError) -> t.Any:
    """What ``look`` finds; when looking fails too, nobody knows whether the creation happened."""
    try:
        return look()
    except CoolifyError as error:
        unknown = OutcomeUnknown(
            f"{lost}; whether it was created could not be read either: {error}",
            "Look at Coolify's UI before you run the task again; what exists will be found by its name.",
        )
        unknown.acted = True
        raise unknown from error


def _flat(query: t.Mapping[str, t.Any] | None) -> dict[str, t.Any] | None:
    """Coolify reads true/false in a query, not Python's True/False."""
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()} if query else None


def _kind(answer: Answer) -> str:
    if "html" in answer.headers.get("Content-Type", "") or answer.text.lstrip()[:1] == "<":
        title = re.search(r"<title>([^<]{1,80})</title>", answer.text)
        return f"an HTML page{f' ({title[1].strip()})' if title else ''}"
    return "truncated or invalid text" if answer.text.strip() else "an empty body"


def error_of(answer: Answer, method: str, where: str) -> ApiError:
    """The exception for an error status: Coolify's sentence, the errors per field, the conflicts."""
    try:
        data = answer.data
    except ValueError:
        data = None
    if not isinstance(data, dict):
        text = f"{_kind(answer)}" if answer.text.strip() else "no text"
        return ApiError(
            f"{method} {where} answered {answer.status} with {text}", ADVICE.get(answer.status, ADVICE[500]), code=answer.status
        )
    message = str(data.get("message") or "")
    errors = field_errors(data.get("errors"))
    said = "; ".join([f"{field}: {text}" if field else text for field, text in errors] + conflict_lines(data)) or message or "no text"
    if data.get("error") and not errors:
        said = f"{said} {data['error']}"
    kind = NotFound if answer.status == 404 else ApiError
    error = kind(
        f"{method} {where} answered {answer.status}: {said}",
        advice(answer, message, data),
        code=answer.status,
        answer=message,
        errors=errors,
    )
    if isinstance(data.get("valid_service_types"), list):
        error.facts["details"] = {"valid_service_types": [str(name) for name in data["valid_service_types"]]}
    if isinstance(error, NotFound):
        # {"message": "Not found.", "docs": …} is the catch-all route: the server does not know this path
        error.route = "docs" in data
    return error


def field_errors(errors: t.Any) -> tuple[tuple[str, str], ...]:
    """The four shapes of ``errors`` (applications.md 1.5) and the list of unknown field names that database creation
    answers, as (field, text) pairs; field is "" where the server names none."""
    if isinstance(errors, dict):
        return tuple((str(field), str(text)) for field, texts in errors.items() for text in (texts if isinstance(texts, list) else [texts]))
    if isinstance(errors, list):
        plain_name = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
        return tuple((str(text), "This field is not allowed.") if plain_name.fullmatch(str(text)) else ("", str(text)) for text in errors)
    return (("", str(errors)),) if errors else ()


def conflict_lines(data: t.Mapping[str, t.Any]) -> list[str]:
    """Who owns the domains of a 409, one sentence each."""
    lines = []
    for conflict in data.get("conflicts") or ():
        owner = f'{conflict.get("resource_type", "resource")} "{conflict.get("resource_name", "?")}"'
        uuid = conflict.get("resource_uuid")
        lines.append(f"{conflict.get('domain')} is already used by {owner}{f' ({uuid})' if uuid else ''}")
    return lines


def advice(answer: Answer, message: str, data: t.Mapping[str, t.Any]) -> str:
    if answer.status == 403:
        return next(text for pattern, text in FORBIDDEN if pattern in message)
    if data.get("conflicts"):
        return "Take the domain away from its owner, or set force_domain_override to share it."
    return ADVICE.get(answer.status, ADVICE[500] if answer.status >= 500 else ADVICE[400])
