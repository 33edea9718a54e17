# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storages, scheduled tasks and tags of the simulator: what the recordings do not show."""

from __future__ import annotations

import typing as t

import pytest
import requests

TASK = {"name": "clean", "command": "true", "frequency": "hourly"}
VOLUME = {"type": "persistent", "name": "data", "mount_path": "data"}
FILE = {"type": "file", "mount_path": "/etc/app.conf", "content": "a=1\n"}


class Client:
    def __init__(self, simulator) -> None:
        self.simulator = simulator
        self.app = self.create()
        self.path = f"/applications/{self.app}"

    def __call__(self, method: str, path: str, body: t.Any = None, status: int = 200, token: str = "root") -> t.Any:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {self.simulator.tokens[token]}"}
        answer = requests.request(method, f"{self.simulator.url}/api/v1{path}", json=body, headers=headers, timeout=10)
        assert answer.status_code == status, answer.text
        assert not self.simulator.bugs
        return answer.json()

    def create(self, kind: str = "applications/dockerimage", **more: t.Any) -> str:
        server = self.simulator.fixture["server_uuid"]
        (project,) = self("GET", "/projects")
        place = {"project_uuid": project["uuid"], "environment_name": "production", "server_uuid": server, **more}
        image = {"docker_registry_image_name": "nginx", "ports_exposes": "80"} if kind.startswith("app") else {}
        return self("POST", f"/{kind}", {**place, **image}, 201)["uuid"]

    def of(self, what: str, token: str = "root") -> t.Any:
        return self("GET", f"{self.path}/{what}", token=token)


@pytest.fixture
def client(simulator) -> Client:
    return Client(simulator)


# --- storages


def test_a_volume_gets_its_prefix_only_when_it_is_made(client):
    made = client("POST", f"{client.path}/storages", {**VOLUME, "host_path": "/srv"}, 201)
    assert (made["name"], made["mount_path"], made["host_path"]) == (f"{client.app}-data", "/data", "/srv")
    assert not {"container_id", "is_preview_suffix_enabled"} & set(made)
    change = {"type": "persistent", "uuid": made["uuid"], "name": "other", "mount_path": "elsewhere", "host_path": None}
    changed = client("PATCH", f"{client.path}/storages", change)
    assert changed["resource"]["uuid"] == client.app
    (read,) = client.of("storages")["persistent_storages"]
    assert (read["name"], read["mount_path"], read["host_path"]) == ("other", "/elsewhere", None)
    assert read["is_preview_suffix_enabled"] is True


def test_a_second_storage_of_the_same_name_or_path_crashes(client):
    for body in (VOLUME, FILE):
        client("POST", f"{client.path}/storages", body, 201)
        client("POST", f"{client.path}/storages", {**body, "host_path": "/x"} if body is VOLUME else body, 500)
    assert [len(rows) for rows in client.of("storages").values()] == [1, 1]
    other = client.create()
    client("POST", f"/applications/{other}/storages", FILE, 201)


def test_the_content_of_a_file_is_for_sensitive_tokens_and_trimmed(client):
    made = client("POST", f"{client.path}/storages", FILE, 201, token="rwd")
    assert "content" not in made and made["fs_path"] == f"/data/coolify/applications/{client.app}/etc/app.conf"
    assert made["resource"]["uuid"] == client.app and made["service"] is None
    assert "content" not in client.of("storages", token="read")["file_storages"][0]
    (read,) = client.of("storages", token="sensitive")["file_storages"]
    assert read["content"] == "a=1" and read["is_host_file"] is False
    client("PATCH", f"{client.path}/storages", {"type": "file", "id": read["id"], "content": "a=2"})
    assert client.of("storages")["file_storages"][0]["content"] == "a=2"


def test_directories_and_host_files(client):
    directory = {"type": "file", "mount_path": "/srv", "is_directory": True}
    assert client("POST", f"{client.path}/storages", directory, 422)["errors"] == {
        "fs_path": "The fs_path field is required for directory mounts."
    }
    made = client("POST", f"{client.path}/storages", {**directory, "fs_path": "srv/data"}, 201)
    assert made["fs_path"] == "/srv/data" and made["is_directory"] is True and "content" not in made
    client("POST", f"{client.path}/storages", {**directory, "mount_path": "/other", "fs_path": "/srv/$(id)"}, 500)
    host = {"type": "file", "mount_path": "/etc/hosts", "is_host_file": True, "fs_path": "etc/hosts"}
    errors = client("POST", f"{client.path}/storages", host, 422)["errors"]
    assert errors == {"mount_path": "Invalid host file source path: must be an absolute path."}
    made = client("POST", f"{client.path}/storages", {**host, "fs_path": "/etc/hosts"}, 201)
    assert made["is_host_file"] is True and "resource" not in made


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({**VOLUME, "content": "x"}, {"content": "Field 'content' is not valid for type 'persistent'."}),
        ({**FILE, "name": "x"}, {"name": "Field 'name' is not valid for type 'file'."}),
        ({"type": "persistent", "mount_path": "/x"}, {"name": "The name field is required for persistent storages."}),
        ({"type": "volume"}, {"type": ["The selected type is invalid."], "mount_path": ["This field is required."]}),
        ({**VOLUME, "name": "a b"}, {"name": ["The name field format is invalid."]}),
        ({**VOLUME, "chmod": "600"}, {"chmod": ["This field is not allowed."]}),
        (
            {**FILE, "mount_path": "/etc/../x"},
            {"mount_path": "Invalid file storage path: relative path segments ('.' or '..') are not allowed."},
        ),
    ],
)
def test_refused_storages(client, body, errors):
    assert client("POST", f"{client.path}/storages", body, 422) == {"message": "Validation failed.", "errors": errors}


def test_a_storage_is_found_by_uuid_and_type(client):
    made = client("POST", f"{client.path}/storages", VOLUME, 201)
    answer = client("PATCH", f"{client.path}/storages", {"type": "persistent", "name": "x"}, 422)
    assert answer["errors"] == {"uuid": "Either uuid or id is required."}
    client("PATCH", f"{client.path}/storages", {"type": "file", "uuid": made["uuid"], "mount_path": "/x"}, 404)
    client("DELETE", f"/applications/{client.create()}/storages/{made['uuid']}", status=404)
    assert client("DELETE", f"{client.path}/storages/{made['uuid']}") == {"message": "Storage deleted."}
    assert client("DELETE", f"{client.path}/storages/{made['uuid']}", status=404) == {"message": "Storage not found."}


def test_a_read_only_storage_takes_only_the_suffix(client):
    made = client("POST", f"{client.path}/storages", VOLUME, 201)
    client.simulator.coolify.table("persistent_storages")[made["id"]]["_read_only"] = True
    change = {"type": "persistent", "uuid": made["uuid"], "mount_path": "/x"}
    assert client("PATCH", f"{client.path}/storages", change, 422)["read_only_fields"] == ["mount_path"]
    client("DELETE", f"{client.path}/storages/{made['uuid']}", status=422)
    change = {"type": "persistent", "uuid": made["uuid"], "is_preview_suffix_enabled": False}
    assert client("PATCH", f"{client.path}/storages", change)["is_preview_suffix_enabled"] is False


def test_a_database_is_born_with_its_volumes(client):
    uuid = client.create("databases/postgresql", image="postgres:18-alpine")
    (volume,) = client("GET", f"/databases/{uuid}/storages")["persistent_storages"]
    assert (volume["name"], volume["mount_path"]) == (f"postgres-data-{uuid}", "/var/lib/postgresql")
    assert volume["resource_type"] == "App\\Models\\StandalonePostgresql"
    made = client("POST", f"/databases/{uuid}/storages", FILE, 201)
    assert made["fs_path"].startswith(f"/data/coolify/databases/{uuid}/") and made["resource"]["uuid"] == uuid


def test_old_versions(simulator):
    simulator.reset(version="4.1.2")
    client = Client(simulator)
    assert client("POST", f"{client.path}/storages", FILE, 201, token="rwd")["content"] == "a=1"
    errors = client("POST", f"{client.path}/storages", {**FILE, "is_host_file": True}, 422)["errors"]
    assert errors == {"is_host_file": ["This field is not allowed."]}
    client("POST", f"{client.path}/storages", {**FILE, "mount_path": "/a;b"}, 500)
    client("GET", "/tags", status=404)


# --- scheduled tasks


def test_tasks_are_listed_by_name_and_changed_in_part(client):
    for name in ("b", "a", "a"):
        client("POST", f"{client.path}/scheduled-tasks", {**TASK, "name": name}, 201)
    tasks = client.of("scheduled-tasks")
    assert [task["name"] for task in tasks] == ["a", "a", "b"] and tasks[0]["timeout"] == 300 and tasks[0]["enabled"] is True
    where = f"{client.path}/scheduled-tasks/{tasks[2]['uuid']}"
    changed = client("PATCH", where, {"enabled": "0", "timeout": "60", "name": "<b>c</b>"})
    assert changed == {**tasks[2], "enabled": False, "timeout": 60, "name": "c"} == client.of("scheduled-tasks")[2]
    assert client("GET", f"{where}/executions") == []
    client("DELETE", where)
    assert client("DELETE", where, status=404) == {"message": "Scheduled task not found."}
    client("GET", f"{where}/executions", status=404)


@pytest.mark.parametrize(
    ("body", "status", "errors"),
    [
        ({"name": "x"}, 422, {key: ["This field is required."] for key in ("command", "frequency")}),
        ({**TASK, "timeout": 0}, 422, {"timeout": ["The timeout field must be at least 1."]}),
        ({**TASK, "enabled": None}, 422, {"enabled": ["The enabled field must be true or false."]}),
        ({**TASK, "uuid": "x"}, 422, {"uuid": ["This field is not allowed."]}),
        ({**TASK, "command": "x" * 256}, 500, None),
        ({}, 400, None),
    ],
)
def test_refused_tasks(client, body, status, errors):
    assert client("POST", f"{client.path}/scheduled-tasks", body, status).get("errors") == errors
    assert client.of("scheduled-tasks") == []


# --- tags


def test_tags_are_added_once_and_leave_with_their_last_resource(client):
    client("POST", f"{client.path}/tags", {"tag_names": ["Prod", " prod", "<b>eu</b>"]}, 201)
    assert [tag["name"] for tag in client("POST", f"{client.path}/tags", {"tag_name": "prod"}, 201)] == ["prod", "eu"]
    database = client.create("databases/redis", tags=["PROD"])
    (prod,) = client("GET", f"/databases/{database}/tags")
    assert [tag["name"] for tag in client("GET", "/tags")] == ["eu", "prod"]
    assert client("GET", "/tags", token="other_team") == []
    client("DELETE", f"{client.path}/tags/{prod['uuid']}")
    assert client("DELETE", f"{client.path}/tags/{prod['uuid']}", status=404) == {"message": "Tag not found on resource."}
    client("DELETE", f"/databases/{database}/tags/{prod['uuid']}")
    assert client("DELETE", f"{client.path}/tags/{prod['uuid']}", status=404) == {"message": "Tag not found."}
    assert [tag["name"] for tag in client("GET", "/tags")] == ["eu"]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"tag_name": "ab", "tag_names": ["cd"]}, {"tag_name": ["Provide either tag_name or tag_names, not both."]}),
        ({"tag_names": ["ab", "<b>c</b>"]}, {"tag_name": ["Each tag name must be at least 2 characters after sanitization."]}),
        ({"tag_name": 12}, {"tag_name": ["The tag name field must be a string."]}),
        ({"tag_name": "ab", "name": "x"}, {"name": ["This field is not allowed."]}),
        (
            {"tag_names": []},
            {
                "tag_name": ["The tag name field is required when tag names is not present."],
                "tag_names": ["The tag names field is required when tag name is not present."],
            },
        ),
    ],
)
def test_refused_tags(client, body, errors):
    assert client("POST", f"{client.path}/tags", body, 422)["errors"] == errors
    assert client("GET", "/tags") == []


def test_applications_by_tag(client):
    other = client.create(tags=["Blue"])
    assert [app["uuid"] for app in client("GET", "/applications?tag=blue")] == [other]
    assert client("GET", "/applications?tag=green") == []
    answer = client("POST", "/deploy?tag=blue,green")
    assert [item["resource_uuid"] for item in answer["details"]] == [other] and len(answer["message"]) == 1
    client("POST", "/deploy?tag=green", status=404)
    client.create("databases/redis", tags=["cache"])
    assert client("POST", "/deploy?tag=cache") == {"message": ["No resources found for tag cache."]}


# --- deletion


def test_a_deleted_application_takes_everything_along_but_the_tag(client, waiting):
    for path, body in (("storages", VOLUME), ("storages", FILE), ("scheduled-tasks", TASK), ("tags", {"tag_name": "prod"})):
        client("POST", f"{client.path}/{path}", body, 201)
    kept = client.create()
    client("POST", f"/applications/{kept}/storages", VOLUME, 201)
    client("DELETE", client.path)
    waiting.sleep(5)
    client("GET", client.path, status=404)
    tables = client.simulator.state()
    left = {name: len(tables.get(name, ())) for name in ("persistent_storages", "file_storages", "tasks", "taggables", "tags")}
    assert left == {"persistent_storages": 1, "file_storages": 0, "tasks": 0, "taggables": 0, "tags": 1}
    assert client("GET", "/applications?tag=prod") == []
