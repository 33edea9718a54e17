# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role django through its playbook, in a real ansible-playbook: the files it writes, and the whole of it on the simulator."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ansible_collections.selfhosted.coolify.plugins.modules import coolify_compose_lint
from ansible_collections.selfhosted.coolify.tests.simulator import Simulator
from ansible_collections.selfhosted.coolify.tests.unit.conftest import patch_module_args

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "django_project"
REPOSITORY = "https://github.com/acme/shop"
SECRET = "a-secret-key-nobody-sees$(*"


class Played(t.NamedTuple):
    text: str
    changed: int
    failed: bool


def play(folder: Path, *flags: str, environment: dict[str, str] | None = None, **variables: t.Any) -> Played:
    """The playbook with variables, as the user runs it."""
    given = folder / "given.json"
    given.write_text(json.dumps({"ansible_python_interpreter": sys.executable, **variables}))
    done = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", "selfhosted.coolify.django", "-e", f"@{given}", *flags],
        cwd=folder,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "COOLIFY_URL": "", "COOLIFY_TOKEN": "", **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    text = done.stdout + done.stderr
    recap = re.search(r"changed=(\d+)", text)
    assert recap, text
    return Played(text, int(recap[1]), done.returncode != 0)


# --- the files ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path) -> Path:
    return Path(shutil.copytree(FIXTURE, tmp_path / "project"))


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_files_are_written_once_and_what_is_there_is_left_alone(project, tmp_path):
    start = files(project)
    preview = play(tmp_path, "--check", "--diff", django_project_dir=str(project))
    assert not preview.failed and files(project) == start and "+FROM python:3.13-slim-trixie" in preview.text
    written = play(tmp_path, django_project_dir=str(project))
    made = {name: text for name, text in files(project).items() if name not in start}
    assert written.changed == preview.changed > 0 and {**start, **made} == files(project)
    assert sorted(made) == [
        ".dockerignore",
        "Dockerfile",
        "docker-entrypoint.sh",
        "healthcheck.sh",
        *(f"shop/coolify/{name}.py" for name in ("__init__", "beat", "lock", "migrate", "settings", "urls")),
    ]
    assert "gunicorn shop.wsgi:application" in made["docker-entrypoint.sh"] and "myproject" not in "".join(made.values())
    for name, text in made.items():
        if name.endswith(".py"):
            compile(text, name, "exec")
    # The user's change survives, and --diff shows what would replace it
    (project / "Dockerfile").write_text("FROM scratch\n")
    second = play(tmp_path, environment={"HOME": str(project.parent)}, django_project_dir=f"~/{project.name}")
    assert second.changed == 0 and "Dockerfile: yours was left alone" in second.text and second.text.count("left alone") == 1
    shown = play(tmp_path, "--check", "--diff", django_project_dir=str(project), django_overwrite=True)
    assert shown.changed == 1 and "-FROM scratch" in shown.text and (project / "Dockerfile").read_text() == "FROM scratch\n"
    # Replacing it needs the word, and somebody who sees what is replaced
    refused = play(tmp_path, django_project_dir=str(project), django_overwrite=True)
    assert refused.failed and "--diff" in refused.text and (project / "Dockerfile").read_text() == "FROM scratch\n"
    replaced = play(tmp_path, "--diff", django_project_dir=str(project), django_overwrite=True)
    assert replaced.changed == 1 and files(project)["Dockerfile"] == made["Dockerfile"]


def test_files_follow_the_variables_and_what_the_project_lacks_is_said(project, tmp_path):
    for name, text in (("settings.py", "SECRET_KEY = ''\n"), ("urls.py", "urlpatterns = []\n")):
        (project / "shop" / name).write_text(text)
    (project / "requirements.txt").write_text("django\n")
    shown = play(
        tmp_path,
        django_project_dir=str(project),
        django_apt_packages=["gettext"],
        django_build_commands=["playwright install-deps && playwright install firefox"],
        django_collectstatic=False,
        django_health_path="/api/health/",
        django_port=9000,
        django_project="shop",
    )
    assert not shown.failed and "commit and push" in shown.text
    for wanted in ("shop/settings.py: add", "shop/urls.py: add", "add gunicorn", "add psycopg", "add celery", "add django-celery-beat"):
        assert wanted in shown.text
    made = files(project)
    assert "curl gettext" in made["Dockerfile"] and "RUN playwright install-deps" in made["Dockerfile"]
    assert "PLAYWRIGHT_BROWSERS_PATH" in made["Dockerfile"] and "collectstatic" not in made["Dockerfile"]
    assert "${PORT:-9000}/api/health/" in made["healthcheck.sh"] and '[r"^api/health/?$"]' in made["shop/coolify/settings.py"]


def test_the_files_pass_our_own_lint(project, tmp_path, capsys):
    assert not play(tmp_path, django_project_dir=str(project)).failed
    with patch_module_args({"dockerfile": str(project / "Dockerfile")}), pytest.raises(SystemExit):
        coolify_compose_lint.main()
    assert json.loads(capsys.readouterr().out)["findings"] == []


# --- on Coolify -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def coolify() -> t.Iterator[Simulator]:
    """Its own, on real time: the playbook is another process."""
    with Simulator(version="4.3.11", deploy_seconds=0.3, status_seconds=0.1) as simulator:
        yield simulator


@pytest.fixture
def site() -> t.Iterator[tuple[str, list[str]]]:
    """What answers on the domain, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path == "/health/" else 404)
            self.end_headers()

        def log_message(self, *args: t.Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


SHOP = {
    "django_project": "shop",
    "django_server": "localhost",
    "django_repository": REPOSITORY,
    "django_commit": "a" * 40,
    "django_image": "ghcr.io/acme/shop",
    "django_variables": {"LANGUAGE_CODE": "de"},
    "django_secrets": {"SECRET_KEY": SECRET},
    "django_workers": [{"name": "celery-worker"}, {"name": "celery-mail", "concurrency": 1, "queues": ["mail", "sms"]}],
    "django_backups": [{"frequency": "daily"}],
}


def on(coolify: Simulator, folder: Path, *flags: str, **variables: t.Any) -> Played:
    environment = {"COOLIFY_URL": coolify.url, "COOLIFY_TOKEN": coolify.tokens["root"]}
    coolify.clear_requests()
    played = play(folder, *flags, environment=environment, **{**SHOP, **variables})
    passwords = [row["postgres_password"] for row in coolify.state().get("postgresql", {}).values()]
    leaked = [secret for secret in (SECRET, coolify.tokens["root"], *passwords) if secret in played.text]
    assert not leaked, played.text
    return played


def applications(coolify: Simulator) -> dict[str, dict[str, t.Any]]:
    return {row["name"]: row for row in coolify.state().get("applications", {}).values()}


def variables_of(coolify: Simulator, name: str) -> dict[str, dict[str, t.Any]]:
    number = applications(coolify)[name]["id"]
    rows = coolify.state()["variables"].values()
    return {row["key"]: row for row in rows if (row["owner_table"], row["owner_id"], row["is_preview"]) == ("applications", number, False)}


def test_from_nothing_to_web_workers_and_beat(coolify, site, tmp_path):
    url, asked = site
    given = {"django_build_server": True, "django_domains": [url], "django_proxy_ports": {"http": urlsplit(url).port}}
    coolify.coolify.add_server(name="builder", ip="192.0.2.7", private_key_id=None)["settings"]["is_build_server"] = True
    preview = on(coolify, tmp_path, "--check", "--diff", **given)
    assert not preview.failed and preview.changed > 0 and coolify.writes == [] and not applications(coolify)

    first = on(coolify, tmp_path, "--diff", "-vvvv", **given)
    assert not first.failed and first.changed == preview.changed, first.text
    found = applications(coolify)
    assert sorted(found) == ["celery-beat", "celery-mail", "celery-worker", "web"]
    assert {row["status"] for row in found.values()} == {"running:healthy"}
    assert all(row["health_check_command"] == "/app/healthcheck.sh" and row["health_check_type"] == "cmd" for row in found.values())
    # One image: web builds and pushes it, the others pull it by the commit that web was built from
    assert found["web"]["build_pack"] == "dockerfile" and found["web"]["git_commit_sha"] == "a" * 40
    assert [name for name, row in found.items() if row["settings"]["is_build_server_enabled"]] == ["web"]
    others = [row for name, row in found.items() if name != "web"]
    assert {(row["build_pack"], row["docker_registry_image_name"], row["docker_registry_image_tag"]) for row in others} == {
        ("dockerimage", "ghcr.io/acme/shop", "a" * 40)
    }
    # It was asked for its health on its domain, and nothing else has one
    assert {name: row["fqdn"] for name, row in found.items() if row["fqdn"]} == {"web": url} and set(asked) == {"/health/"}
    order = [row["application_name"] for row in coolify.state()["deployments"].values()]
    assert order == ["web", "celery-worker", "celery-mail", "celery-beat"]

    main, cache = next(iter(coolify.state()["postgresql"].values())), next(iter(coolify.state()["redis"].values()))
    web, mail = variables_of(coolify, "web"), variables_of(coolify, "celery-mail")
    values = {key: row["value"] for key, row in mail.items()}
    assert values["APP_PROCESS"] == "celery-worker" and values["CELERY_CONCURRENCY"] == "1" and values["CELERY_QUEUES"] == "mail,sms"
    assert (
        values["DB_HOST"] == main["uuid"]
        and values["DB_PASSWORD"] == main["postgres_password"]
        and values["DB_NAME"] == main["postgres_db"]
    )
    assert values["CELERY_BROKER_URL"].endswith(f"@{cache['uuid']}:6379/0") and values["REDIS_URL"].endswith(f"@{cache['uuid']}:6379/1")
    assert values["SECRET_KEY"] == SECRET and values["DEBUG"] == "False" and values["LANGUAGE_CODE"] == "de"
    assert not any(row["is_buildtime"] for row in web.values()) and all(row["is_literal"] for row in web.values())

    second = on(coolify, tmp_path, "--diff", **given)
    assert not second.failed and second.changed == 0 and coolify.writes == [], second.text


def test_a_worker_that_fails_takes_all_back(coolify, tmp_path):
    assert not on(coolify, tmp_path).failed
    before = {name: (row["_running"], row["status"]) for name, row in applications(coolify).items()}
    coolify.coolify.switches.outcomes["celery-worker@" + "b" * 40] = {
        "deployment": "failed",
        "log": ["New container is not healthy, rolling back to the old container."],
    }
    failed = on(coolify, tmp_path, django_commit="b" * 40, django_variables={"LANGUAGE_CODE": "fr"})
    assert failed.failed and "rolled_back" in failed.text and "celery-worker" in failed.text
    after = applications(coolify)
    assert {name: (row["_running"], row["status"]) for name, row in after.items()} == before
    assert {row["git_commit_sha"] for name, row in after.items() if name == "web"} == {"a" * 40}
    assert {row["docker_registry_image_tag"] for name, row in after.items() if name != "web"} == {"a" * 40}
    assert {variables_of(coolify, name)["LANGUAGE_CODE"]["value"] for name in after} == {"de"}
    assert "celery-beat" not in [
        row["application_name"] for row in list(coolify.state()["deployments"].values())[4:] if row["commit"] == "b" * 40
    ]


@pytest.mark.parametrize(
    ("variables", "kinds"),
    [
        ({"django_image": ""}, {"dockerfile"}),
        ({"django_repository": "", "django_commit": "", "django_tag": "1.4"}, {"dockerimage"}),
    ],
)
def test_without_a_registry_all_are_built_and_a_ready_image_is_only_pulled(coolify, tmp_path, variables, kinds):
    domains = ["shop.example.com", "https://www.example.com/shop"]
    more = {"django_workers": [{"name": "celery-worker"}], "django_prefix": "shop-", "django_domains": domains}
    played = on(coolify, tmp_path, django_state="present", **more, **variables)
    assert not played.failed, played.text
    found = applications(coolify)
    assert (
        sorted(found) == ["shop-celery-beat", "shop-celery-worker", "shop-web"] and {row["build_pack"] for row in found.values()} == kinds
    )
    assert found["shop-web"]["fqdn"] == "https://shop.example.com,https://www.example.com/shop"
    values = {key: row["value"] for key, row in variables_of(coolify, "shop-web").items()}
    assert values["ALLOWED_HOSTS"] == "shop.example.com,www.example.com,127.0.0.1,localhost"
    assert values["CSRF_TRUSTED_ORIGINS"] == "https://shop.example.com,https://www.example.com"


def test_the_head_of_the_branch_is_looked_up_and_stays_the_same_for_all(coolify, tmp_path):
    """On a repository of our own, to which git is led."""
    bare = tmp_path / "shop.git"
    identity = ["-c", "user.name=lab", "-c", "user.email=lab@example.com"]
    subprocess.run(["git", "init", "-q", "-b", "main", str(bare)], check=True)
    subprocess.run(["git", "-C", str(bare), *identity, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    commit = subprocess.run(["git", "-C", str(bare), "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    led = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{bare}.insteadOf", "GIT_CONFIG_VALUE_0": REPOSITORY}
    environment = {"COOLIFY_URL": coolify.url, "COOLIFY_TOKEN": coolify.tokens["root"], **led}
    given = {**SHOP, "django_commit": "", "django_state": "present"}
    played = play(tmp_path, environment=environment, **given)
    assert not played.failed, played.text
    found = applications(coolify)
    assert found["web"]["git_commit_sha"] == commit and found["celery-beat"]["docker_registry_image_tag"] == commit
    nothing = play(tmp_path, environment=environment, **{**given, "django_branch": "no-such-branch"})
    assert nothing.failed and "Set django_commit" in nothing.text and "no-such-branch" in nothing.text


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"django_project": ""}, "Say what to do"),
        ({"django_tag": "1.4"}, "not both kinds"),
        ({"django_repository": "", "django_commit": ""}, "django_image and django_tag"),
        ({"django_commit": "HEAD"}, "has to be a commit"),
        ({"django_build_server": True}, "no server of this Coolify is a build server"),
        ({"django_workers": [{"name": "a"}, {"name": "a"}]}, "needs a name of its own"),
        ({"django_workers": [{"title": "a"}]}, "missing required arguments: name"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(coolify, tmp_path, variables, says):
    played = on(coolify, tmp_path, **variables)
    assert played.failed and says in re.sub(r"\s+", " ", played.text) and coolify.writes == []
