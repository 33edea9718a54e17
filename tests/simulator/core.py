# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one Coolify holds: tables of rows, jobs that run later, and the switches that tests turn."""

from __future__ import annotations

import heapq
import itertools
import time
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone

from .keys import fingerprint, generated, public_text
from .php import letters, public_id
from .versions import within

Row = t.Dict[str, t.Any]
RAW_TIME = "%Y-%m-%d %H:%M:%S"
"""How Coolify gives the moments that it does not cast to dates."""
ABILITIES = {
    "root": ("root",),
    "read": ("read",),
    "write": ("write",),
    "deploy": ("deploy",),
    "rwd": ("read", "write", "deploy"),
    "sensitive": ("read", "read:sensitive"),
    "other_team": ("root",),
    "member_read": ("read",),
    "member_root": ("root",),
}
COMPOSE_FILE = "services:\n  web:\n    image: nginx:alpine\n  worker:\n    image: busybox\n"


class Refused(Exception):
    """An answer other than success, with Coolify's words."""

    def __init__(self, status: int, body: t.Any, headers: t.Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status, self.body, self.headers = status, body, dict(headers or {})


class Crash(Exception):
    """What is an uncaught exception in Coolify: 500 Server Error."""


def refuse(status: int, message: str, **more: t.Any) -> t.NoReturn:
    raise Refused(status, {"message": message, **more})


def invalid(errors: t.Any) -> t.NoReturn:
    raise Refused(422, {"message": "Validation failed.", "errors": errors})


LIMITS: Row = {
    "limits_memory": "0",
    "limits_memory_swap": "0",
    "limits_memory_swappiness": 60,
    "limits_memory_reservation": "0",
    "limits_cpus": "0",
    "limits_cpuset": None,
    "limits_cpu_shares": 1024,
}
"""What a new application or database has."""


@dataclass(frozen=True)
class Token:
    """A bearer token of one team; ``admin`` says whether its owner is an admin of the team."""

    name: str
    text: str
    abilities: tuple[str, ...]
    team: int
    user: int
    admin: bool

    def may(self, ability: str) -> bool:
        return "root" in self.abilities or ability in self.abilities

    @property
    def sensitive(self) -> bool:
        return self.admin and ("root" in self.abilities or "read:sensitive" in self.abilities)


@dataclass
class Fixture:
    """What stays the same over resets, so that a fixture file stays true."""

    tokens: dict[str, str] = field(default_factory=dict)
    server_uuid: str = field(default_factory=public_id)
    destination_uuid: str = field(default_factory=public_id)
    private_key_uuid: str = field(default_factory=public_id)
    public_key: str = ""

    def __post_init__(self) -> None:
        self.private_key = generated()
        self.public_key = public_text(self.private_key).strip()
        for number, name in enumerate(ABILITIES, 1):
            self.tokens.setdefault(name, f"{number}|{letters(48)}")


@dataclass
class Switches:
    """How this instance behaves; everything is what a healthy, idle Coolify does unless a test says otherwise."""

    api_enabled: bool = True
    allowed_ips: str = ""
    rate_limit: int | None = None
    """Requests a minute that are enforced; None: the header says 200 and nothing is enforced."""
    retry_after: int | None = None
    """What Retry-After says; None: the seconds until the window ends. 0 has been seen."""
    latency: float = 0.0
    """Seconds that each answer takes longer; 0.05 to 0.12 in reality."""
    deploy_seconds: float = 0.8
    status_seconds: float = 0.4
    """How long after a deployment or a start the status follows."""
    delete_seconds: float = 0.4
    check_seconds: float = 2.0
    """Coolify before 4.3.0 notices a stopped container at its next check; a minute in reality."""
    compose_file: str | None = COMPOSE_FILE
    """What the repository of a compose application holds; None: it cannot be loaded."""
    refuse_keys: list[str] = field(default_factory=list)
    """Variables whose bulk item is refused with 422, after the items before it were stored."""
    accounts: dict[str, dict[str, str]] | None = None
    """Registry -> user -> password that it lets in; None: everybody."""
    head: str = "f" * 40
    """The commit that a branch points to."""
    outcomes: dict[str, dict[str, t.Any]] = field(default_factory=dict)
    """Name of an application or database, or name@tag or name@commit -> {"deployment": "failed", "log": [...], "seconds": 5,
    "status": "running:unhealthy"}; "output" is what the application logs. Name of a server -> {"validation": "why it fails",
    "proxy": "error", "cleanup": "failed"}."""


class Coolify:
    def __init__(self, version: str, fixture: Fixture, clock: t.Callable[[], float] = time.monotonic, **switches: t.Any) -> None:
        self.version, self.fixture, self.clock = version, fixture, clock
        self._born = time.time() - clock()
        self.switches = Switches(**switches)
        self.tables: dict[str, dict[int, Row]] = {}
        self._ids: dict[str, t.Iterator[int]] = {}
        self._jobs: list[tuple[float, int, t.Callable[[], None]]] = []
        self._order = itertools.count()
        self._populate()

    def has(self, since: str | None = None, until: str | None = None) -> bool:
        return within(self.version, since, until)

    def now(self, form: str = "%Y-%m-%dT%H:%M:%S.000000Z") -> str:
        """The time, which goes forward with the clock of the jobs."""
        return datetime.fromtimestamp(self._born + self.clock(), timezone.utc).strftime(form)

    # --- rows

    def table(self, name: str) -> dict[int, Row]:
        return self.tables.setdefault(name, {})

    def insert(self, table: str, **columns: t.Any) -> Row:
        number = columns.pop("id", None)
        if number is None:
            number = next(self._ids.setdefault(table, itertools.count(1)))
        now = self.now()
        row = {"id": number, "uuid": public_id(), **columns, "created_at": now, "updated_at": now}
        self.table(table)[number] = row
        return row

    def update(self, row: Row, **columns: t.Any) -> None:
        if any(row.get(name) != value for name, value in columns.items()):
            row.update(columns, updated_at=self.now())

    def remove(self, table: str, row: Row) -> None:
        self.table(table).pop(row["id"], None)

    def rows(self, table: str, **where: t.Any) -> list[Row]:
        return [row for row in self.tables.get(table, {}).values() if all(row.get(name) == value for name, value in where.items())]

    def one(self, table: str, **where: t.Any) -> Row | None:
        return next(iter(self.rows(table, **where)), None)

    # --- where a resource is

    def environment(self, row: Row) -> Row:
        return self.table("environments")[row["environment_id"]]

    def project(self, row: Row) -> Row:
        return self.table("projects")[self.environment(row)["project_id"]]

    def team_of(self, row: Row) -> int:
        return self.project(row)["team_id"]

    def destination(self, row: Row) -> Row:
        return self.table("destinations")[row["destination_id"]]

    def server(self, row: Row) -> Row:
        found = self.tables["servers"].get(self.destination(row)["server_id"])
        if found is None:
            # A server that was deleted by force is gone before its resources are
            raise Crash
        return found

    def owned(self, table: str, team: int, **where: t.Any) -> list[Row]:
        """Resources of a team."""
        return [row for row in self.rows(table, **where) if self.team_of(row) == team]

    # --- jobs

    def later(self, seconds: float, job: t.Callable[[], None]) -> None:
        heapq.heappush(self._jobs, (self.clock() + seconds, next(self._order), job))

    def run_due(self) -> None:
        while self._jobs and self._jobs[0][0] <= self.clock():
            heapq.heappop(self._jobs)[2]()

    # --- the pristine instance

    def _populate(self) -> None:
        root = self.insert("teams", id=0, name="Root Team", description="The root team", personal_team=True, show_boarding=True)
        other = self.insert("teams", name="Other Team", description=None, personal_team=False, show_boarding=False)
        key = self.insert(
            "private_keys",
            name="Testing Host Key",
            description="This is a test docker container",
            private_key=self.fixture.private_key,
            public_key=public_text(self.fixture.private_key),
            fingerprint=fingerprint(self.fixture.private_key),
            is_git_related=False,
            team_id=root["id"],
        )
        key["uuid"] = self.fixture.private_key_uuid
        server = self.add_server(
            id=0,
            name="localhost",
            description="This is the server where Coolify is running on. Don't delete this!",
            ip="127.0.0.1",
            port=2222,
            private_key_id=key["id"],
        )
        server["uuid"] = self.fixture.server_uuid
        self.one("destinations", server_id=server["id"])["uuid"] = self.fixture.destination_uuid
        project = self.insert("projects", name="demo", description="demo project", team_id=root["id"])
        self.insert("environments", name="production", description=None, project_id=project["id"])
        teams = {"other_team": other["id"]}
        self.tokens = {
            text: Token(name, text, ABILITIES[name], teams.get(name, root["id"]), 1 if "member" in name else 0, "member" not in name)
            for name, text in self.fixture.tokens.items()
        }

    def add_server(self, settings: Row | None = None, **columns: t.Any) -> Row:
        """A usable server, unless ``settings`` say otherwise, with its one destination and its two predefined variables."""
        server = self.insert(
            "servers", **{"user": "root", "port": 22, "team_id": 0, "description": None, "proxy_type": "TRAEFIK", **columns}
        )
        server["settings"] = {
            "is_reachable": True,
            "is_usable": True,
            "is_build_server": False,
            "sentinel_token": letters(120),
            "wildcard_domain": None,
            **(settings or {}),
        }
        self.add_destination(server, "coolify")
        for key, value in (("COOLIFY_SERVER_UUID", server["uuid"]), ("COOLIFY_SERVER_NAME", server["name"])):
            self.insert(
                "shared_variables",
                type="server",
                key=key,
                value=value,
                team_id=server["team_id"],
                project_id=None,
                environment_id=None,
                server_id=server["id"],
                **dict.fromkeys(("is_literal", "is_multiline", "is_shown_once"), False),
                comment=None,
            )
        return server

    def add_destination(self, server: Row, name: str) -> Row:
        return self.insert("destinations", name=name, network=name, server_id=server["id"])
