# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storages, scheduled tasks, S3 storages, tags, moves and clones where something is wrong, hidden, lost or in between."""

from __future__ import annotations

import pytest

from ansible_collections.selfhosted.coolify.tests.unit.plugins.modules.test_laws_extras import FILE, FOLDER, HERE, OWN, S3, TASK, VOLUME
from ansible_collections.selfhosted.coolify.tests.unit.plugins.modules.test_undo import held

APP = {"project": "shop", "name": "web", "server": "localhost", "type": "dockerimage", "docker_registry_image_name": "nginx"}
SECRET = "the-value-of-a-secret"


@pytest.fixture
def web(run):
    run("project", name="shop", environments=["production", "staging"])
    return run("app", **APP, secrets={"API_TOKEN": SECRET})["resource_id"]


@pytest.fixture
def running(run, web):
    run("app", **APP, state="started")
    return web


def backup(frequency: str = "daily", **more):
    return {"frequency": frequency, **more}


# --- scheduled tasks


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"frequency": "now and then"}, "no schedule"),
        ({"frequency": "61 * * * *"}, "61 is no minute"),
        ({"frequency": "0 0 31 2 *"}, "no such day"),
        ({"frequency": ""}, "Coolify cannot empty it"),
        ({"command": "x" * 256}, "longer than 255"),
        ({"task_timeout": 0}, "1 or more"),
    ],
)
def test_wrong_tasks_are_refused_before_anything_is_sent(run, simulator, options, told):
    result = run("task", **{**TASK, **options})
    assert result["code"] == 606 and told in result["msg"], result["msg"]
    assert simulator.requests == []


def test_two_tasks_of_one_name_are_an_error_with_both_uuids(run, simulator, web):
    uuids = [run("task", **TASK)["resource_id"]]
    owner = {"owner_table": "applications", "owner_id": simulator.coolify.one("applications", uuid=web)["id"]}
    uuids.append(
        simulator.coolify.insert("tasks", name="clean", command="x", frequency="daily", container=None, timeout=300, enabled=True, **owner)[
            "uuid"
        ]
    )
    result = run("task", **TASK)
    assert result["code"] == 610 and all(uuid in result["msg"] for uuid in uuids)


def test_a_task_needs_command_and_frequency_only_when_it_is_new(run, web):
    result = run("task", **HERE, name="clean")
    assert result["code"] == 606 and "command, frequency" in result["msg"]


def test_a_task_that_runs_gives_its_output_without_secrets(run, simulator, running):
    simulator.coolify.switches.outcomes["web"] = {"task": {"message": f"migrated\ntoken is {SECRET}\nhttps://u:hunter22@x.example.com"}}
    result = run("task", **TASK, state="executed", executions=5)
    assert not result.get("failed"), result["msg"]
    assert result["execution"]["status"] == "success" and result["execution"]["duration"] == 1.0
    assert "migrated" in result["execution"]["output"] and result["executions"] == [result["execution"]]
    assert SECRET not in str(result) and "hunter22" not in str(result)
    again = run("task", **TASK, state="executed")
    assert again["changed"] and again["execution"]["uuid"] != result["execution"]["uuid"]


def test_a_run_that_fails_fails_the_task_and_keeps_what_was_declared(run, simulator, web):
    result = run("task", **TASK, state="executed")
    assert result["code"] == 616 and "No containers running" in result["msg"] and result["changed"]
    assert result["execution"]["status"] == "failed" and result["resource_id"]
    assert result["incident"]["last_logs_sample"]
    assert [row["name"] for row in simulator.state()["tasks"].values()] == ["clean"]


def test_a_run_that_nobody_waits_for_is_pending(run, simulator, running):
    result = run("task", **TASK, state="executed", wait=False)
    assert result["status"] == "pending" and "/executions" in result["details"]["pending"] and result["execution"] is None


def test_a_run_that_never_begins_times_out(run, simulator, running):
    simulator.coolify.switches.status_seconds = 10_000
    result = run("task", **TASK, state="executed", wait_timeout=20)
    assert result["code"] == 604 and "was not begun" in result["msg"] and result["changed"]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_run_whose_answer_is_lost_is_never_asked_for_twice(run, simulator, running, kind):
    run("task", **TASK)
    simulator.clear_requests()
    simulator.fault(kind, method="POST", path=".*/execute")
    result = run("task", **TASK, state="executed")
    assert len([item for item in simulator.requests if item.path.endswith("/execute")]) == 1
    if kind == "drop_after":
        assert result["execution"]["status"] == "success"
    else:
        assert result["code"] == 612 and result["changed"]


def test_a_deleted_task_comes_back_when_it_is_undone_by_hand(run, simulator, web):
    made = run("task", **TASK, container="php")
    result = run("task", **HERE, name="clean", state="absent")
    assert result["changed"] and result["task"] is None and result["diff"]["before"]["container"] == "php"
    assert run("task", **HERE, uuid=made["resource_id"], state="absent")["changed"] is False
    assert run("task", **HERE, uuid=made["resource_id"])["code"] == 609


def test_a_task_is_renamed_by_its_uuid(run, simulator, web):
    made = run("task", **TASK)
    result = run("task", **HERE, uuid=made["resource_id"], name="clean up")
    assert result["task"]["name"] == "clean up" and result["resource_id"] == made["resource_id"]


def test_what_does_not_exist_yet_can_be_previewed(run, simulator):
    for module, options in (("task", TASK), ("storage", VOLUME), ("resource", {**HERE, "state": "moved", "to_environment": "staging"})):
        result = run(module, check=True, **options)
        assert result["changed"] and result["warnings"], (module, result)
        assert run(module, **options)["code"] == 609
    assert simulator.writes == []


# --- storages


@pytest.mark.parametrize(
    ("storage", "told"),
    [
        (VOLUME, "stays on the server, in the Docker volume"),
        ({**VOLUME, "host_path": "/srv/data"}, "stays on the server, in the folder /srv/data"),
        (FILE, "Coolify removes the file on the server: /data/coolify/applications/"),
        (FOLDER, "Coolify removes the folder and everything in it on the server: /srv/media"),
        ({**HERE, "mount_path": "/etc/hosts", "is_host_file": True, "fs_path": "/etc/hosts"}, "the file /etc/hosts stays"),
    ],
)
def test_deletion_says_what_it_removes_and_wants_to_be_confirmed(run, simulator, web, storage, told):
    run("storage", **storage)
    start = held(simulator)
    gone = {**HERE, "mount_path": storage["mount_path"], "state": "absent"}
    preview = run("storage", check=True, **gone)
    assert told in str(preview["execution_plan"]["risks"]) and preview["diff"]["before"]["mount_path"] == storage["mount_path"]
    result = run("storage", **gone)
    assert result["code"] == 601 and result["status"] == "blocked" and not result["changed"]
    assert held(simulator) == start


def test_a_content_that_the_token_cannot_read_is_written_or_left_alone(run, simulator, web):
    run("storage", **FILE)
    result = run("storage", token="rwd", **FILE)
    assert result["changed"] and result["diff"]["after"] == {"content": "differs"}
    assert "could not be restored" in str(result["execution_plan"]["risks"])
    assert run("storage", token="rwd", **FILE, update_secrets="on_create")["changed"] is False
    assert FILE["content"].strip() not in str(result)


def test_a_content_comes_back_when_the_new_file_cannot_be_created(run, simulator, web):
    run("storage", **FILE)
    simulator.fault("status", method="POST", path=".*/storages", status=500)
    result = run("storage", **{**FILE, "content": "another-content"})
    assert result["code"] == 602, result["msg"]
    (row,) = simulator.state()["file_storages"].values()
    assert row["content"] == FILE["content"].strip()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({**HERE, "mount_path": "/media", "fs_path": "/srv/other"}, 611),
        ({**HERE, "mount_path": "/media", "is_directory": False}, 611),
        ({**HERE, "mount_path": "/media", "type": "persistent"}, 611),
        ({**HERE, "mount_path": "/media", "content": "x", "name": "y"}, 606),
        ({**HERE, "mount_path": "/media", "type": "file", "name": "y"}, 606),
        ({**HERE, "mount_path": "/new"}, 606),
        ({**HERE, "mount_path": "/new", "type": "persistent"}, 606),
        ({**HERE, "mount_path": "/new", "type": "persistent", "name": "a b"}, 606),
        ({**HERE, "mount_path": "/new", "is_directory": True}, 606),
        ({**HERE, "mount_path": "/new", "fs_path": "/x"}, 606),
        ({**HERE, "mount_path": "/new", "content": "x", "backup": backup()}, 606),
        ({**HERE, "mount_path": "/media", "backup": backup(save_s3=True)}, 606),
        ({**HERE, "mount_path": "/media", "backup": backup(), "delete_backups": True}, 606),
        ({**HERE, "mount_path": "/media", "resource": "web"}, 606),
        ({"application": "nosuchuuid", "mount_path": "/media"}, 609),
    ],
)
def test_refused_storages(run, simulator, web, change, code):
    run("storage", **FOLDER)
    simulator.clear_requests()
    result = run("storage", **change)
    assert result["code"] == code and not result["changed"], result["msg"]
    assert simulator.writes == []


def test_another_volume_wants_to_be_confirmed(run, simulator, web):
    run("storage", **VOLUME)
    result = run("storage", **{**VOLUME, "name": "other"})
    assert result["code"] == 601
    preview = run("storage", check=True, **{**VOLUME, "name": "other"})
    assert "begins empty" in str(preview["execution_plan"]["risks"])


def test_a_path_is_changed_by_uuid(run, simulator, web):
    made = run("storage", **VOLUME)
    result = run("storage", **HERE, uuid=made["resource_id"], mount_path="/other")
    assert result["storage"]["mount_path"] == "/other" and result["details"]["redeploy_required"]
    assert result["storage"]["volume"] == f"{web}-data" and result["storage"]["name"] == "data"


def test_a_storage_with_backups_is_not_deleted_without_them(run, simulator, web):
    run("storage", **VOLUME, backup=backup())
    gone = {**HERE, "mount_path": "/data", "state": "absent", "confirm_destructive": True}
    result = run("storage", **gone)
    assert result["code"] == 422 and "backup schedule" in result["msg"] and not result["changed"]
    assert run("storage", **gone, delete_backups=True)["changed"]


def test_deleting_backups_that_are_not_there_is_no_change(run, simulator, web):
    run("storage", **VOLUME)
    result = run("storage", **VOLUME, delete_backups=True, confirm_destructive=True)
    assert not result.get("failed") and not result["changed"] and result["diff"] == {"before": {}, "after": {}}
    run("storage", **VOLUME, backup=backup())
    assert run("storage", **VOLUME, delete_backups=True, confirm_destructive=True)["changed"]


def test_a_backup_to_s3_names_a_storage_that_works(run, simulator, web):
    s3 = run("s3_storage", **S3)["resource_id"]
    result = run("storage", **VOLUME, backup=backup(s3_storage_uuid=s3, disable_local_backup=True))
    assert not result.get("failed"), result["msg"]
    (row,) = simulator.state()["volume_backups"].values()
    assert row["save_s3"] and row["s3_storage_uuid"] == s3 and row["disable_local_backup"]
    unused = run("storage", **{**VOLUME, "mount_path": "/x", "name": "x", "backup": backup(s3_storage_uuid="nosuchuuid")})
    assert unused["code"] == 602 and "Select a usable S3 storage" in unused["msg"]
    assert [row["mount_path"] for row in simulator.state()["persistent_storages"].values()] == ["/data"]


# --- what belongs to services


@pytest.fixture
def stack_service(run):
    run("project", name="shop", environments=["production", "staging"])
    return run(OWN[0], **OWN[1])["resource_id"]


STACK = {"project": "shop", "service": "stack"}


def test_a_service_with_several_parts_needs_one_named(run, simulator, stack_service):
    result = run("storage", **STACK, type="persistent", name="x", mount_path="/x")
    assert result["code"] == 606 and "db, web" in result["msg"]
    result = run("storage", **STACK, resource="cache", type="persistent", name="x", mount_path="/x")
    assert result["code"] == 609 and "db, web" in result["msg"]


def test_a_preview_does_not_promise_what_coolify_refuses_of_volumes_of_services(run, simulator, stack_service):
    made = run("storage", **STACK, resource="web", type="persistent", name="x", mount_path="/x")
    simulator.clear_requests()
    for change in ({"state": "absent"}, {"name": "y"}, {"host_path": "/srv/y"}):
        for check in (True, False):
            result = run("storage", check=check, **STACK, uuid=made["resource_id"], confirm_destructive=True, **change)
            assert result["code"] == 606 and "volumes of a service" in result["msg"], change
    assert simulator.writes == []
    assert run("storage", **STACK, uuid=made["resource_id"], is_preview_suffix_enabled=False)["changed"]


def test_what_belongs_to_a_service_goes_with_it(run, simulator, stack_service):
    run("storage", **STACK, resource="web", mount_path="/etc/x", content="a-long-secret")
    run("task", **STACK, name="clean", command="x", frequency="daily")
    info = run("info", gather=["storages", "scheduled_tasks"], project="shop")
    assert [item["service"]["name"] for item in (*info["storages"], *info["scheduled_tasks"])] == ["stack", "stack"]
    run("service", project="shop", name="stack", state="absent", confirm_destructive=True)
    state = simulator.state()
    assert not state["file_storages"] and not state["tasks"]
    assert run("task", **STACK, name="clean", state="absent")["changed"] is False


# --- S3 storages


def test_a_new_s3_storage_that_does_not_work_is_undone(run, simulator):
    simulator.coolify.switches.outcomes["backups"] = {"s3": "Access Denied"}
    result = run("s3_storage", **S3)
    assert result["code"] == 602 and "Access Denied" in result["msg"] and result["resource_id"] is None
    assert simulator.state()["s3_storages"] == {}
    assert run("s3_storage", **S3, validate=False)["s3_storage"]["is_usable"] is False


def test_a_changed_s3_storage_that_does_not_work_is_put_back(run, simulator):
    run("s3_storage", **S3)
    start = held(simulator)
    simulator.coolify.switches.outcomes["backups"] = {"s3": "Access Denied"}
    result = run("s3_storage", **{**S3, "bucket": "acme-other", "secret": "another-secret"})
    assert result["code"] == 602, result["msg"]
    assert held(simulator) == start
    assert "another-secret" not in str(result) and S3["secret"] not in str(result)


def test_keys_that_the_token_cannot_read_are_told(run, simulator):
    run("s3_storage", **S3)
    result = run("s3_storage", token="rwd", **S3)
    assert result["changed"] and result["diff"]["after"] == {"key": "differs", "secret": "differs"}
    assert run("s3_storage", token="rwd", **S3, update_secrets="on_create")["changed"] is False


def test_a_deleted_s3_storage_stops_backups(run, simulator):
    run("s3_storage", **S3)
    result = run("s3_storage", name="backups", state="absent")
    assert result["code"] == 601
    preview = run("s3_storage", check=True, name="backups", state="absent")
    assert "save_s3 is switched off" in str(preview["execution_plan"]["risks"])


# --- tags


def test_tags_are_put_back_when_they_were_not_stored(run, simulator, web):
    run("app", **APP, tags=["blue", "eu"])
    start = held(simulator)
    simulator.fault("status", method="DELETE", path=".*/tags/.*", status=500, times=9)
    result = run("app", **APP, tags=["green"])
    assert result["failed"] and result["changed"], result["msg"]
    assert "tags" in str(result["details"])
    simulator.faults.clear()
    assert run("app", **APP, tags=["blue", "eu"])["changed"]
    state = held(simulator)
    names = {state["tags"][row["tag_id"]]["name"] for row in state["taggables"].values()}
    assert names == {start["tags"][row["tag_id"]]["name"] for row in start["taggables"].values()} == {"blue", "eu"}


@pytest.mark.parametrize("tags", [["x"], [""], ["x" * 256]])
def test_wrong_tags_are_refused(run, simulator, tags):
    result = run("app", **APP, tags=tags)
    assert result["code"] == 606 and simulator.writes == []


# --- moving, cloning, previews


def test_a_move_to_a_place_with_that_name_is_refused(run, simulator, web):
    run("app", **{**APP, "environment": "staging"})
    simulator.clear_requests()
    result = run("resource", **HERE, state="moved", to_environment="staging")
    assert result["code"] == 610 and simulator.writes == []


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_move_whose_answer_is_lost(run, simulator, web, kind):
    simulator.fault(kind, method="POST", path=".*/move")
    result = run("resource", **HERE, state="moved", to_environment="staging")
    if kind == "drop_after":
        assert result["resource"]["environment"]["name"] == "staging"
    else:
        assert result["failed"] and len([item for item in simulator.requests if item.path.endswith("/move")]) == 1


def test_a_clone_goes_away_when_it_cannot_be_moved(run, simulator, web):
    start = held(simulator)
    simulator.fault("status", method="POST", path=".*/move", status=500)
    result = run("resource", **HERE, state="cloned", name="web2", to_environment="staging")
    assert result["code"] == 602, result["msg"]
    end = held(simulator)
    for table in ("tags", "taggables", "tasks"):
        end.pop(table, None), start.pop(table, None)
    assert {row["name"] for row in end["applications"].values()} == {"web"}


def test_a_clone_that_was_left_between_two_places_is_moved(run, simulator, web):
    left = run("resource", **HERE, state="cloned", name="web2")["resource_id"]
    result = run("resource", **HERE, state="cloned", name="web2", to_environment="staging")
    assert result["resource_id"] == left and result["resource"]["environment"]["name"] == "staging"


def test_a_lost_clone_is_found_and_not_made_twice(run, simulator, web):
    simulator.fault("drop_after", method="POST", path=".*/clone")
    result = run("resource", application=web, state="cloned", name="web2")
    assert not result.get("failed"), result["msg"]
    assert len([row for row in simulator.state()["applications"].values() if row["name"] == "web2"]) == 1


@pytest.mark.parametrize("version", ["4.4.2", "4.3.11", "4.1.2"])
def test_a_preview_is_deleted_and_then_there_is_none(run, simulator, waiting, version):
    simulator.reset(version=version, clock=waiting.now)
    run("project", name="shop")
    web = run("app", **APP)["resource_id"]
    state = simulator.coolify.one("applications", uuid=web)
    simulator.coolify.insert("previews", owner_table="applications", owner_id=state["id"], pull_request_id=42, **_preview())
    gone = {**HERE, "state": "preview_absent", "pull_request_id": 42}
    assert run("resource", **gone)["code"] == 601
    assert run("resource", check=True, **gone)["changed"]
    first = run("resource", **gone, confirm_destructive=True)
    assert first["changed"] and simulator.state()["previews"] == {}
    second = run("resource", **gone, confirm_destructive=True)
    assert not second["changed"] and second["diff"] == {"before": {}, "after": {}}


def _preview():
    return dict.fromkeys(
        ("pull_request_html_url", "git_type", "status", "fqdn", "docker_compose_domains", "docker_registry_image_tag", "last_online_at")
    )


@pytest.mark.parametrize(
    "options",
    [
        {"state": "moved"},
        {"state": "cloned"},
        {"state": "preview_absent"},
        {"state": "preview_absent", "pull_request_id": 0},
        {"state": "moved", "to_environment": "staging", "name": "x"},
        {"state": "moved", "to_environment": "staging", "clone_volumes": True},
        {"state": "cloned", "name": "x", "pull_request_id": 1},
    ],
)
def test_options_of_another_state_are_refused(run, simulator, options):
    assert run("resource", **HERE, **options)["code"] == 606 and simulator.writes == []


# --- all together


def test_info_tells_of_all(run, simulator, waiting):
    simulator.reset(version="4.4.2", clock=waiting.now)
    run("project", name="shop")
    web = run("app", **APP, tags=["prod"])["resource_id"]
    for module, options in (("storage", VOLUME), ("storage", FILE), ("task", TASK), ("s3_storage", S3)):
        run(module, **options)
    row = simulator.coolify.one("applications", uuid=web)
    simulator.coolify.insert("previews", owner_table="applications", owner_id=row["id"], pull_request_id=42, **_preview())
    result = run("info", gather=["tags", "s3_storages", "storages", "scheduled_tasks", "previews"], project="shop")
    assert [item["name"] for item in result["tags"]] == ["prod"]
    assert [item["name"] for item in result["s3_storages"]] == ["backups"] and "an-access-key" not in str(result)
    assert [(item["type"], item["mount_path"], item["application"]["name"]) for item in result["storages"]] == [
        ("persistent", "/data", "web"),
        ("file", "/etc/app.conf", "web"),
    ]
    assert FILE["content"].strip() not in str(result)
    assert [(item["name"], item["frequency"]) for item in result["scheduled_tasks"]] == [("clean", "*/5 * * * *")]
    assert [item["pull_request_id"] for item in result["previews"]] == [42]


@pytest.mark.parametrize(("name", "since"), [("tags", "4.2.0"), ("s3_storages", "4.3.0"), ("previews", "4.4.0")])
def test_info_names_the_release_that_has_it(run, simulator, waiting, name, since):
    simulator.reset(version="4.1.2", clock=waiting.now)
    result = run("info", gather=[name])
    assert result["code"] == 605 and since in result["msg"]
