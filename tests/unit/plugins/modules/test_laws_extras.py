# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four laws for what belongs to applications and databases, for S3 storages, and for what moves and is cloned."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.selfhosted.coolify.tests.unit.plugins.modules.test_laws import (
    IMAGE,
    KUMA,
    OWN,
    PROJECT,
    VERSIONS,
    WEB,
    Scenario,
    db,
    named,
    obey,
    stack,
)

HERE = {"project": "shop", "application": "web"}
BEFORE = (("project", PROJECT), WEB)
TASK = {**HERE, "name": "clean", "command": "php artisan schedule:run", "frequency": "*/5 * * * *"}
VOLUME = {**HERE, "type": "persistent", "name": "data", "mount_path": "/data"}
FILE = {**HERE, "mount_path": "/etc/app.conf", "content": "a-long-secret = 1\n"}
FOLDER = {**HERE, "mount_path": "/media", "is_directory": True, "fs_path": "/srv/media"}
S3 = {
    "name": "backups",
    "endpoint": "https://s3.example.com",
    "bucket": "acme-backups",
    "region": "eu",
    "key": "an-access-key",
    "secret": "a-secret-key",
}
SEEN: dict[str, t.Any] = {}


def rows(state: dict, table: str, owner: str, kind: str = "applications") -> list[dict[str, t.Any]]:
    row = (
        named(state, owner, kind) if not kind.startswith("service_") else next(row for row in state[kind].values() if row["name"] == owner)
    )
    return [item for item in state.get(table, {}).values() if (item["owner_table"], item["owner_id"]) == (kind, row["id"])]


def has(table: str, count: int = 1, owner: str = "web", kind: str = "applications", **columns: t.Any) -> t.Callable[[dict], None]:
    """So many rows of an owner, the last of them with these columns; ``{uuid}`` in a value is the owner's."""

    def proves(state: dict) -> None:
        found = rows(state, table, owner, kind)
        assert len(found) == count, found
        uuid = next(row["uuid"] for row in state[kind].values() if row["id"] == found[-1]["owner_id"]) if found else ""
        for name, value in columns.items():
            wanted = value.replace("{uuid}", uuid) if isinstance(value, str) else value
            assert found[-1][name] == wanted, (name, found[-1][name])

    return proves


def tags_are(*names: str, owner: str = "web", kind: str = "applications") -> t.Callable[[dict], None]:
    def proves(state: dict) -> None:
        links = rows(state, "taggables", owner, kind)
        assert sorted(state["tags"][link["tag_id"]]["name"] for link in links) == sorted(names)

    return proves


def backup_is(count: int, **columns: t.Any) -> t.Callable[[dict], None]:
    def proves(state: dict) -> None:
        found = list(state.get("volume_backups", {}).values())
        assert len(found) == count and all(found[0][name] == value for name, value in columns.items()), found

    return proves


def is_in(owner: str, environment: str, kind: str = "applications") -> t.Callable[[dict], None]:
    def proves(state: dict) -> None:
        row = named(state, owner, kind)
        assert state["environments"][row["environment_id"]]["name"] == environment

    return proves


def execution_is(status: str) -> t.Callable[[dict], None]:
    def proves(state: dict) -> None:
        assert [row["status"] for row in state["executions"].values()] == [status]

    return proves


SCENARIOS = [
    # scheduled tasks
    Scenario("task, new", "task", TASK, before=BEFORE, proves=has("tasks", name="clean", timeout=300, enabled=True)),
    Scenario(
        "task, new with everything",
        "task",
        {**TASK, "container": "php", "task_timeout": 60, "enabled": False},
        before=BEFORE,
        proves=has("tasks", container="php", timeout=60, enabled=False, frequency="*/5 * * * *"),
    ),
    Scenario("task, as it is", "task", TASK, before=(*BEFORE, ("task", TASK)), changes=False),
    Scenario(
        "task, changed and cleared",
        "task",
        {**HERE, "name": "clean", "frequency": "daily", "container": "", "enabled": False},
        before=(*BEFORE, ("task", {**TASK, "container": "php"})),
        proves=has("tasks", frequency="daily", container=None, enabled=False, command="php artisan schedule:run"),
    ),
    Scenario(
        "task, deleted", "task", {**HERE, "name": "clean", "state": "absent"}, before=(*BEFORE, ("task", TASK)), proves=has("tasks", 0)
    ),
    Scenario("task, absent already", "task", {**HERE, "name": "clean", "state": "absent"}, before=BEFORE, changes=False),
    Scenario(
        "task, absent with its application",
        "task",
        {"project": "shop", "application": "nothing", "name": "clean", "state": "absent"},
        before=BEFORE,
        changes=False,
    ),
    Scenario(
        "task, run now",
        "task",
        {**TASK, "state": "executed"},
        before=(("project", PROJECT), ("app", {**WEB[1], "state": "started"})),
        proves=execution_is("success"),
        imperative=True,
        since="4.3.0",
    ),
    # storages
    Scenario(
        "storage, new volume",
        "storage",
        VOLUME,
        before=BEFORE,
        proves=has("persistent_storages", name="{uuid}-data", mount_path="/data", host_path=None),
    ),
    Scenario("storage, volume as it is", "storage", VOLUME, before=(*BEFORE, ("storage", VOLUME)), changes=False),
    Scenario(
        "storage, volume for all previews in a folder of the server",
        "storage",
        {**VOLUME, "mount_path": "data/", "host_path": "srv/data", "is_preview_suffix_enabled": False},
        before=BEFORE,
        proves=has("persistent_storages", mount_path="/data/", host_path="/srv/data", is_preview_suffix_enabled=False),
    ),
    Scenario(
        "storage, volume gets another name",
        "storage",
        {**VOLUME, "name": "data2", "confirm_destructive": True},
        before=(*BEFORE, ("storage", VOLUME)),
        proves=has("persistent_storages", name="{uuid}-data2"),
    ),
    Scenario(
        "storage, volume leaves its folder",
        "storage",
        {**HERE, "mount_path": "/data", "host_path": "", "confirm_destructive": True},
        before=(*BEFORE, ("storage", {**VOLUME, "host_path": "/srv/data"})),
        proves=has("persistent_storages", host_path=None),
    ),
    Scenario(
        "storage, new file", "storage", FILE, before=BEFORE, proves=has("file_storages", content="a-long-secret = 1", is_directory=False)
    ),
    Scenario("storage, file as it is", "storage", FILE, before=(*BEFORE, ("storage", FILE)), changes=False),
    Scenario(
        "storage, file gets another content",
        "storage",
        {**FILE, "content": "another-content"},
        before=(*BEFORE, ("storage", {**FILE, "is_preview_suffix_enabled": False})),
        proves=has("file_storages", content="another-content", is_preview_suffix_enabled=False),
    ),
    Scenario("storage, new folder", "storage", FOLDER, before=BEFORE, proves=has("file_storages", is_directory=True, fs_path="/srv/media")),
    Scenario("storage, folder as it is", "storage", FOLDER, before=(*BEFORE, ("storage", FOLDER)), changes=False),
    Scenario(
        "storage, file of the server",
        "storage",
        {**HERE, "mount_path": "/etc/hosts", "is_host_file": True, "fs_path": "/etc/hosts"},
        before=BEFORE,
        proves=has("file_storages", is_host_file=True),
        since="4.2.0",
    ),
    Scenario(
        "storage, deleted",
        "storage",
        {**HERE, "mount_path": "/data", "state": "absent", "confirm_destructive": True},
        before=(*BEFORE, ("storage", VOLUME)),
        proves=has("persistent_storages", 0),
    ),
    Scenario("storage, absent already", "storage", {**HERE, "mount_path": "/data", "state": "absent"}, before=BEFORE, changes=False),
    Scenario(
        "storage, of a database",
        "storage",
        {"project": "shop", "database": "cache", "mount_path": "/extra", "type": "persistent", "name": "extra"},
        before=(("project", PROJECT), ("db", {**db("redis"), "name": "cache"})),
        proves=has("persistent_storages", 2, "cache", "redis", mount_path="/extra", name="{uuid}-extra"),
    ),
    Scenario(
        "storage, the volume that a database is born with",
        "storage",
        {"project": "shop", "database": "cache", "mount_path": "/data", "is_preview_suffix_enabled": False},
        before=(("project", PROJECT), ("db", {**db("redis"), "name": "cache"})),
        proves=has("persistent_storages", 1, "cache", "redis", name="redis-data-{uuid}", is_preview_suffix_enabled=False),
    ),
    Scenario(
        "storage, new and backed up",
        "storage",
        {**VOLUME, "backup": {"frequency": "daily", "retention_amount_locally": 3}, "update_secrets": "on_create"},
        before=BEFORE,
        proves=backup_is(1, frequency="daily", retention_amount_locally=3, retention_amount_s3=7, save_s3=False),
        since="4.3.0",
    ),
    Scenario(
        "storage, another backup schedule",
        "storage",
        {**VOLUME, "backup": {"frequency": "weekly"}},
        before=(*BEFORE, ("storage", {**VOLUME, "backup": {"frequency": "daily", "retention_amount_locally": 3}})),
        proves=backup_is(1, frequency="weekly", retention_amount_locally=7),
        imperative=True,
        since="4.3.0",
    ),
    Scenario(
        "storage, backup now",
        "storage",
        {**HERE, "mount_path": "/data", "state": "backed_up"},
        before=(*BEFORE, ("storage", {**VOLUME, "backup": {"frequency": "daily"}})),
        proves=backup_is(1, _runs=1),
        imperative=True,
        since="4.3.0",
    ),
    Scenario(
        "storage, deleted with its backups",
        "storage",
        {**HERE, "mount_path": "/data", "state": "absent", "delete_backups": True, "confirm_destructive": True},
        before=(*BEFORE, ("storage", {**VOLUME, "backup": {"frequency": "daily"}})),
        proves=lambda state: (has("persistent_storages", 0)(state), backup_is(0)(state)),
        since="4.3.0",
    ),
    # S3 storages
    Scenario(
        "s3, new",
        "s3_storage",
        {**S3, "description": "x"},
        holds=(("s3_storages", "backups", "is_usable", True), ("s3_storages", "backups", "secret", "a-secret-key")),
        since="4.3.0",
    ),
    Scenario("s3, as it is", "s3_storage", S3, before=(("s3_storage", S3),), changes=False, since="4.3.0"),
    Scenario(
        "s3, tried when it was not yet",
        "s3_storage",
        {"name": "backups"},
        before=(("s3_storage", {**S3, "validate": False}),),
        holds=(("s3_storages", "backups", "is_usable", True),),
        since="4.3.0",
    ),
    Scenario(
        "s3, changed",
        "s3_storage",
        {"name": "backups", "secret": "another-secret", "description": ""},
        before=(("s3_storage", {**S3, "description": "x"}),),
        holds=(("s3_storages", "backups", "secret", "another-secret"), ("s3_storages", "backups", "description", "")),
        since="4.3.0",
    ),
    Scenario(
        "s3, deleted",
        "s3_storage",
        {"name": "backups", "state": "absent", "confirm_destructive": True},
        before=(("s3_storage", S3),),
        gone=(("s3_storages", "backups"),),
        since="4.3.0",
    ),
    Scenario("s3, absent already", "s3_storage", {"name": "backups", "state": "absent"}, changes=False, since="4.3.0"),
    # tags
    Scenario(
        "app, new with tags",
        "app",
        {**IMAGE, "name": "web", "tags": ["Prod", "eu", "prod"]},
        before=(("project", PROJECT),),
        proves=tags_are("prod", "eu"),
        since="4.2.0",
    ),
    Scenario(
        "app, other tags",
        "app",
        {"project": "shop", "name": "web", "tags": ["prod", "blue"]},
        before=(("project", PROJECT), ("app", {**WEB[1], "tags": ["prod", "green"]})),
        proves=tags_are("prod", "blue"),
        since="4.2.0",
    ),
    Scenario(
        "app, tags as they are",
        "app",
        {"project": "shop", "name": "web", "tags": ["PROD"]},
        before=(("project", PROJECT), ("app", {**WEB[1], "tags": ["prod"]})),
        changes=False,
        since="4.2.0",
    ),
    Scenario(
        "db, tags removed",
        "db",
        db("redis", tags=[]),
        before=(("project", PROJECT), ("db", db("redis", tags=["cache"]))),
        proves=tags_are(owner="redis", kind="redis"),
        since="4.2.0",
    ),
    Scenario(
        "app, recreated with other tags",
        "app",
        {"project": "shop", "name": "web", "state": "recreated", "confirm_destructive": True, "tags": ["blue"]},
        before=(("project", PROJECT), ("app", {**WEB[1], "tags": ["green"]})),
        proves=tags_are("blue"),
        imperative=True,
        since="4.2.0",
    ),
    # what belongs to services
    Scenario(
        "service, tags",
        "service",
        stack(tags=["Prod"]),
        before=(("project", PROJECT), OWN),
        proves=tags_are("prod", owner="stack", kind="services"),
        since="4.2.0",
    ),
    Scenario(
        "task, of a service",
        "task",
        {"project": "shop", "service": "stack", "name": "clean", "command": "x", "frequency": "daily", "container": "web"},
        before=(("project", PROJECT), OWN),
        proves=has("tasks", owner="stack", kind="services", container="web"),
    ),
    Scenario(
        "task, of a service run now",
        "task",
        {
            "project": "shop",
            "service": "stack",
            "name": "clean",
            "command": "x",
            "frequency": "daily",
            "container": "web",
            "state": "executed",
        },
        before=(("project", PROJECT), ("service", stack(state="started"))),
        proves=execution_is("success"),
        imperative=True,
        since="4.3.0",
    ),
    Scenario(
        "storage, file in a part of a service",
        "storage",
        {"project": "shop", "service": "stack", "resource": "db", "mount_path": "/etc/app.conf", "content": "a-long-secret"},
        before=(("project", PROJECT), OWN),
        proves=has("file_storages", owner="db", kind="service_databases", content="a-long-secret"),
    ),
    Scenario(
        "storage, file in a part of a service gets another content",
        "storage",
        {"project": "shop", "service": "stack", "resource": "web", "mount_path": "/etc/app.conf", "content": "another-secret"},
        before=(
            ("project", PROJECT),
            OWN,
            (
                "storage",
                {"project": "shop", "service": "stack", "resource": "web", "mount_path": "/etc/app.conf", "content": "a-long-secret"},
            ),
        ),
        proves=has("file_storages", owner="web", kind="service_applications", content="another-secret"),
    ),
    Scenario(
        "storage, new volume of the only part of a service",
        "storage",
        {"project": "shop", "service": "kuma", "type": "persistent", "name": "data", "mount_path": "/data"},
        before=(("project", PROJECT), ("service", KUMA)),
        proves=has("persistent_storages", owner="uptime-kuma", kind="service_applications", name="{uuid}-data"),
    ),
    Scenario(
        "resource, a service moved",
        "resource",
        {"project": "shop", "service": "stack", "state": "moved", "to_environment": "staging"},
        before=(("project", PROJECT), OWN),
        proves=is_in("stack", "staging", "services"),
        since="4.2.0",
    ),
    Scenario(
        "resource, a service cloned",
        "resource",
        {"project": "shop", "service": "stack", "state": "cloned", "name": "stack2"},
        before=(("project", PROJECT), OWN),
        proves=is_in("stack2", "production", "services"),
        since="4.3.0",
    ),
    # moving, cloning, previews
    Scenario(
        "resource, moved to another environment",
        "resource",
        {**HERE, "state": "moved", "to_environment": "Staging"},
        before=BEFORE,
        proves=is_in("web", "staging"),
        since="4.2.0",
    ),
    Scenario(
        "resource, a database that Coolify hides moved",
        "resource",
        {"project": "shop", "database": "keydb", "state": "moved", "to_environment": "staging"},
        before=(("project", PROJECT), ("db", db("keydb"))),
        proves=is_in("keydb", "staging", "keydb"),
        since="4.2.0",
    ),
    Scenario(
        "resource, moved by its uuid to another project",
        "resource",
        {"application": "{applications.web}", "state": "moved", "to_project": "shop2"},
        before=(*BEFORE, ("project", {"name": "shop2"})),
        proves=is_in("web", "production"),
        since="4.2.0",
    ),
    Scenario(
        "resource, cloned",
        "resource",
        {**HERE, "state": "cloned", "name": "web2"},
        before=(*BEFORE, ("task", TASK), ("storage", VOLUME)),
        proves=lambda state: (
            has("tasks", owner="web2", name="clean")(state),
            has("persistent_storages", owner="web2", name="{uuid}-data")(state),
            has("tasks")(state),
        ),
        since="4.3.0",
    ),
    Scenario(
        "resource, a database cloned into another environment",
        "resource",
        {"project": "shop", "database": "cache", "state": "cloned", "name": "cache2", "to_environment": "staging", "clone_volumes": True},
        before=(("project", PROJECT), ("db", {**db("redis"), "name": "cache"})),
        proves=lambda state: (is_in("cache2", "staging", "redis")(state), is_in("cache", "production", "redis")(state)),
        since="4.3.0",
    ),
    Scenario(
        "resource, preview absent already",
        "resource",
        {**HERE, "state": "preview_absent", "pull_request_id": 7, "confirm_destructive": True},
        before=BEFORE,
        changes=False,
        since="4.4.0",
    ),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_the_four_laws(scenario, version, simulator, run, waiting, monkeypatch):
    if scenario.id == "resource, preview absent already" and version not in ("4.4.2", "4.5.0"):
        pytest.skip("cannot be looked up before it")
    obey(scenario, version, simulator, run, waiting, monkeypatch)
