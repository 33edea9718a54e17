# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of the simulator: what the recordings do not show, from resources.md 4."""

from __future__ import annotations

import base64
import typing as t

import pytest
import requests

from ansible_collections.selfhosted.coolify.tests.simulator import compose

STACK = """\
services:
  web:
    image: nginx:1   # the front
    ports: ["8080:80"]
    environment: {SERVICE_URL_WEB_80: "", GREETING: "${GREETING:-hello}"}
    healthcheck: {test: [CMD, curl, -f, "http://127.0.0.1/"]}
  worker:
    image: busybox
    restart: "no"
  db:
    image: postgres:16
    environment: [POSTGRES_PASSWORD=$SERVICE_PASSWORD_DB]
volumes:
  data: {}
"""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Client:
    def __init__(self, simulator) -> None:
        self.simulator = simulator
        self.made = 0

    def __call__(self, method: str, path: str, body: t.Any = None, status: int = 200, token: str = "root") -> t.Any:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {self.simulator.tokens[token]}"}
        answer = requests.request(method, f"{self.simulator.url}/api/v1{path}", json=body, headers=headers, timeout=10)
        assert answer.status_code == status, answer.text
        assert not self.simulator.bugs
        return answer.json()

    def create(self, status: int = 201, **more: t.Any) -> t.Any:
        (project,) = self("GET", "/projects")
        place = {
            "project_uuid": project["uuid"],
            "environment_name": "production",
            "server_uuid": self.simulator.fixture["server_uuid"],
            **({} if "type" in more else {"docker_compose_raw": encoded(STACK)}),
        }
        return self("POST", "/services", {**place, "name": "stack", **more}, status)

    def read(self, made: dict[str, t.Any]) -> dict[str, t.Any]:
        return self("GET", f"/services/{made['uuid']}")


@pytest.fixture
def client(simulator) -> Client:
    return Client(simulator)


def test_the_file_is_written_anew(client):
    read = client.read(client.create())
    assert "image: 'nginx:1'" in read["docker_compose_raw"] and "# the front" not in read["docker_compose_raw"]
    assert "data: {  }" in read["docker_compose_raw"] and "restart: 'no'" in read["docker_compose_raw"]
    assert compose.parse(read["docker_compose_raw"])["services"] == compose.parse(STACK)["services"]


@pytest.mark.parametrize(
    ("text", "status"), [("{", 500), ("a: 1", 422), ("services: {'a;b': {image: x}}", 422), ("services: []", 201)], ids=str
)
def test_what_is_judged_of_a_file(client, text, status):
    answer = client.create(status, docker_compose_raw=encoded(text))
    assert status != 422 or isinstance(answer["errors"]["docker_compose_raw"], str)


def test_containers_are_applications_or_databases(client):
    read = client.read(client.create())
    assert [row["name"] for row in read["applications"]] == ["web", "worker"] and [row["name"] for row in read["databases"]] == ["db"]
    web, worker = read["applications"]
    assert web["fqdn"] == f"http://web-{read['uuid']}.127.0.0.1.sslip.io:80" and web["ports"] == "8080:80"
    assert worker["exclude_from_status"] and not web["exclude_from_status"]
    keys = {row["key"]: row["value"] for row in client("GET", f"/services/{read['uuid']}/envs")}
    assert keys["GREETING"] == "hello" and keys["POSTGRES_PASSWORD"] == "$SERVICE_PASSWORD_DB" and len(keys["SERVICE_PASSWORD_DB"]) == 32


def test_a_container_that_left_the_file_stays_and_keeps_its_domain(client):
    made = client.create()
    without = encoded("services: {db: {image: postgres:16}}")
    client("PATCH", f"/services/{made['uuid']}", {"docker_compose_raw": without})
    assert [row["name"] for row in client.read(made)["applications"]] == ["web", "worker"]
    taken = client.read(made)["applications"][0]["fqdn"]
    answer = client.create(409, name="other", urls=[{"name": "web", "url": taken}])
    assert answer["conflicts"][0]["resource_type"] == "service"
    assert len(client("GET", "/services")) == 1


def test_a_refused_url_leaves_the_rest_stored(client):
    made = client.create()
    answer = client("PATCH", f"/services/{made['uuid']}", {"name": "new", "urls": [{"name": "db", "url": "https://a.example.com"}]}, 422)
    assert answer["errors"] == ["Service container with 'db' not found."]
    assert client.read(made)["name"] == "new"


def test_urls_that_are_cleared_and_urls_of_nothing(client):
    made = client.create(urls=[{"name": "web", "url": "HTTPS://A.Example.com/Path,https://b.example.com"}])
    assert made["domains"] == ["https://a.example.com/Path,https://b.example.com"]
    assert client("PATCH", f"/services/{made['uuid']}", {"urls": []})["domains"] == made["domains"]
    assert client("PATCH", f"/services/{made['uuid']}", {"urls": [{"name": "web", "url": None}]})["domains"] == []


def test_connect_to_docker_network_is_not_for_creation(client):
    assert client.create(422, connect_to_docker_network=True)["errors"] == {"connect_to_docker_network": ["This field is not allowed."]}


def test_the_status_is_put_together(client, waiting):
    made = client.create()
    assert client.read(made)["status"] == "exited"
    client("POST", f"/services/{made['uuid']}/start")
    seen = []
    for _step in range(40):
        waiting.sleep(0.02)
        told = client.read(made)["status"]
        seen += [told] if told not in seen[-1:] else []
    assert seen == ["starting:unhealthy", "exited", "running:unknown"]
    client("POST", f"/services/{made['uuid']}/start", status=400)
    assert client("GET", f"/services/{made['uuid']}/logs?sub_service_name=web") == {"logs": "web is ready"}
    client("POST", f"/services/{made['uuid']}/databases/{client.read(made)['databases'][0]['uuid']}/stop")
    waiting.sleep(1)
    assert client.read(made)["status"] == "degraded:unhealthy"
    client("POST", f"/services/{made['uuid']}/stop")
    waiting.sleep(1)
    assert client.read(made)["status"] == "exited"
    client("GET", f"/services/{made['uuid']}/logs?sub_service_name=web", status=404)


def test_a_sub_application(client):
    made = client.create()
    where = f"/services/{made['uuid']}/applications"
    web = client("GET", where)[0]["uuid"]
    changed = client("PATCH", f"{where}/{web}", {"url": "https://A.example.com/Path", "image": "nginx:2"})
    assert (changed["fqdn"], changed["image"]) == ("https://a.example.com/path", "nginx:2")
    assert "image: 'nginx:2'" in client.read(made)["docker_compose_raw"]
    client("PATCH", f"{where}/{web}", {"fqdn": "https://a.example.com"}, 422)
    client("PATCH", f"{where}/{web}", {"is_log_drain_enabled": True}, 422)
    client("GET", f"/services/{made['uuid']}/databases/{web}", status=404)


def test_variables_are_for_admins_and_locked_ones_for_nobody(client):
    made = client.create()
    where = f"/services/{made['uuid']}/envs"
    client("GET", where, status=403, token="member_read")
    client("POST", where, {"key": "LOCKED", "value": "x", "is_shown_once": True}, 201)
    assert "value" not in next(row for row in client("GET", where) if row["key"] == "LOCKED")


def test_a_project_with_a_service_stays(client, waiting):
    made = client.create(type="umami", name="stats")
    (project,) = client("GET", "/projects")
    client("DELETE", f"/projects/{project['uuid']}", status=400)
    assert [item["type"] for item in client("GET", "/resources")] == ["service"]
    client("DELETE", f"/services/{made['uuid']}")
    waiting.sleep(1)
    client("GET", f"/services/{made['uuid']}", status=404)
    state = client.simulator.state()
    assert not any(state.get(table) for table in ("services", "service_applications", "service_databases", "variables"))
