# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_docker_login as a whole, against a stand-in for ghcr.io on loopback and a program ``docker`` that keeps logins as Docker does.

The real ones are in extensions/molecule/ghcr_login.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._host import login, registry
from ansible_collections.selfhosted.coolify.plugins.modules import coolify_docker_login
from ansible_collections.selfhosted.coolify.tests.lab.ghcr import EXPECTED, Ghcr
from ansible_collections.selfhosted.coolify.tests.unit.conftest import patch_module_args

ACCOUNTS = {
    "writer": {"token": "ghp_unitWriter00000001", "scopes": "write:packages"},
    "reader": {"token": "ghp_unitReader00000002", "scopes": "read:packages"},
    "second": {"token": "ghp_unitSecond00000003", "scopes": "read:packages"},
    "expired": {"token": "ghp_unitExpired0000004", "scopes": "read:packages", "expired": True},
    "nothing": {"token": "ghp_unitNothing0000005", "scopes": "gist"},
    "actions": {"token": "ghs_unitActions0000006", "scopes": None},
    "soon": {"token": "ghp_unitSoon0000000007", "scopes": "read:packages", "expires": "2020-01-02 03:04:05 UTC"},
}
TOKENS = {user: row["token"] for user, row in ACCOUNTS.items()}
DOCKER = f"""#!{sys.executable} -IS
import base64, json, os, pathlib, subprocess, sys
_config, folder, what, *rest = sys.argv[1:]
here = pathlib.Path(__file__).parent
(here / "calls").open("a").write(repr(sys.argv) + repr(dict(os.environ)) + chr(10))
if (here / "no-access").exists() and "nonexistent" not in os.environ.get("DOCKER_HOST", ""):
    sys.exit("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: dial unix")
path, key = pathlib.Path(folder) / "config.json", rest[-1]
content = json.loads(path.read_text()) if path.exists() else {{}}
helper = content.get("credHelpers", {{}}).get(key, content.get("credsStore"))
auths = content.setdefault("auths", {{}})
if what == "login":
    user, secret = rest[1], sys.stdin.read()
    if secret == "refused-by-docker-only":
        sys.exit("Error response from daemon: Get https://x/v2/: unauthorized: " + secret)
    if helper:
        entry = {{"ServerURL": key, "Username": user, "Secret": secret}}
        subprocess.run(["docker-credential-" + helper, "store"], input=json.dumps(entry), text=True, check=True)
    auths[key] = {{}} if helper else {{"auth": base64.b64encode((user + ":" + secret).encode()).decode()}}
else:
    for name in (key, "https://" + key, "http://" + key):
        auths.pop(name, None)
    if helper:
        subprocess.run(["docker-credential-" + helper, "erase"], input=key, text=True)
path.parent.mkdir(exist_ok=True)
new = not path.exists()
path.write_text(json.dumps(content))
if new:
    path.chmod(0o600)
"""
HELPER = f"""#!{sys.executable} -IS
import json, pathlib, sys
kept = pathlib.Path(__file__).with_suffix(".kept")
content = json.loads(kept.read_text()) if kept.exists() else {{}}
given = sys.stdin.read().strip()
if sys.argv[1] == "store":
    content[json.loads(given)["ServerURL"]] = json.loads(given)
elif sys.argv[1] == "erase":
    content.pop(given, None)
elif given in content:
    print(json.dumps(content[given]))
else:
    print("credentials not found in native keychain")
    sys.exit(1)
kept.write_text(json.dumps(content))
"""


def manifests(method, path, body, headers):
    """The registry behind the stand-in: it has one image, and lets uploads begin and end."""
    if path == "/v2/acme/shop/manifests/1.0":
        return 200, {}, b"{}"
    if path.startswith("/v2/acme/shop/blobs/uploads/"):
        return (202, {"Location": "/v2/acme/shop/blobs/uploads/one?state=x"}, b"") if method == "POST" else (204, {}, b"")
    return 404, {}, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'


@pytest.fixture
def ghcr(tmp_path):
    (tmp_path / "accounts.json").write_text(json.dumps(ACCOUNTS))
    with Ghcr(tmp_path / "accounts.json", manifests, ("127.0.0.1", 0)) as ghcr:
        ghcr.image = f"{ghcr.name}/acme/shop:1.0"
        yield ghcr


@pytest.fixture
def host(tmp_path, monkeypatch):
    """The folders of a host's user, with a program docker."""
    (tmp_path / "bin").mkdir()
    for name, script in (("docker", DOCKER), ("docker-credential-lab", HELPER)):
        (tmp_path / "bin" / name).write_text(script)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(login, "home", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def run(host, capsys, monkeypatch):
    warnings = []
    # ansible-core keeps them for the process, so they would be those of earlier tests too
    monkeypatch.setattr(coolify_docker_login.AnsibleModule, "warn", lambda self, text: warnings.append(text))

    def run(check=False, **options):
        capsys.readouterr()
        warnings.clear()
        with patch_module_args({"_ansible_check_mode": check, **options}), pytest.raises(SystemExit):
            coolify_docker_login.main()
        text = capsys.readouterr().out
        calls = (host / "bin/calls").read_text() if (host / "bin/calls").exists() else ""
        for user, token in TOKENS.items():
            for secret in (token, base64.b64encode(f"{user}:{token}".encode()).decode()):
                assert secret not in text and secret not in calls
        return {**json.loads(text), "warnings": list(warnings)}

    return run


@pytest.fixture
def task(run, ghcr):
    """``task(user, **options)`` is the module with that user's token, against the stand-in."""

    def task(user, **options):
        return run(**{"registry": ghcr.name, "username": user, "password": TOKENS.get(user), "api_url": f"http://{ghcr.name}", **options})

    return task


def kept(host):
    path = host / ".docker/config.json"
    return json.loads(path.read_text()) if path.exists() else {}


def keep(host, key, user, token, **further):
    (host / ".docker").mkdir(exist_ok=True)
    auth = base64.b64encode(f"{user}:{token}".encode()).decode()
    (host / ".docker/config.json").write_text(json.dumps({"auths": {key: {"auth": auth}}, **further}))
    (host / ".docker/config.json").chmod(0o600)


def logins(host):
    return {key: base64.b64decode(entry.get("auth", "")).decode() for key, entry in kept(host).get("auths", {}).items()}


def outcomes(result):
    return {item["check"]: item["outcome"] for item in result["checks"]}


def test_log_in_once(task, host, ghcr):
    promised = task("reader", check=True, images=[ghcr.image])
    assert promised["changed"] and "would log in" in promised["msg"] and not (host / ".docker").exists()
    result = task("reader", images=[ghcr.image])
    assert (result["changed"], result["diff"], result["checks"]) == (True, promised["diff"], promised["checks"])
    assert result["action"] == "login" and outcomes(result) == {"login": "passed", "scopes": "passed", "pull": "passed"}
    assert logins(host) == {ghcr.name: f"reader:{TOKENS['reader']}"}
    assert (host / ".docker/config.json").stat().st_mode & 0o777 == 0o600
    calls = (host / "bin/calls").read_text()
    again = task("reader", images=[ghcr.image])
    assert again["action"] == "none" and not again["changed"] and again["diff"]["before"] == again["diff"]["after"]
    assert (host / "bin/calls").read_text() == calls


@pytest.mark.parametrize(
    "user, token_of, why",
    [
        ("reader", "nobody", "refuses the login of reader"),
        ("reader", "expired", "refuses the login of reader"),
        ("reader", "nothing", "lacks read:packages; it has gist"),
        ("second", "second", "second is logged in"),
    ],
)
def test_a_stale_or_a_wrong_login_is_replaced(task, host, ghcr, user, token_of, why):
    keep(host, ghcr.name, user, TOKENS.get(token_of, "mistyped"))
    promised = task("reader", check=True)
    assert promised["changed"] and why in promised["msg"] and promised["diff"]["before"]["user"] == user
    result = task("reader")
    assert (result["changed"], result["diff"]) == (True, promised["diff"])
    assert logins(host) == {ghcr.name: f"reader:{TOKENS['reader']}"}
    assert not task("reader")["changed"]


def test_a_login_that_works_is_left_alone_though_it_is_with_another_token(task, host, ghcr):
    keep(host, ghcr.name, "reader", TOKENS["second"])
    result = task("reader")
    assert not result["changed"] and "another token than the given one" in result["msg"]
    assert task("reader", replace="when_different")["changed"]
    assert logins(host) == {ghcr.name: f"reader:{TOKENS['reader']}"}
    assert not task("reader", replace="when_different")["changed"]


def test_a_login_that_works_no_more_while_the_given_one_lacks_more_stays(task, host, ghcr):
    keep(host, ghcr.name, "writer", TOKENS["reader"])
    result = task("writer", images=[ghcr.image], push=True, scopes=["write:packages"])
    assert result["changed"] and "lacks write:packages" in result["msg"] and outcomes(result)["push"] == "passed"
    before = logins(host)
    refused = task("writer", password=TOKENS["nothing"], replace="when_different")
    assert refused["failed"] and logins(host) == before


@pytest.mark.parametrize(
    "user, options, said, advice",
    [
        ("expired", {}, "403 denied: denied", "expired, revoked, mistyped"),
        ("expired", {}, "401 Bad credentials", "expired, revoked, mistyped"),
        ("writer", {"password": "mistyped-token"}, "403 denied: denied", "expired, revoked, mistyped"),
        ("nothing", {}, "lacks read:packages; it has gist", "classic) with read:packages"),
        ("reader", {"scopes": ["read:packages", "write:packages"]}, "lacks write:packages", "with write:packages for build hosts"),
        ("reader", {"push": True}, EXPECTED, "with write:packages for build hosts"),
        ("nothing", {"scopes": []}, EXPECTED, "classic) with read:packages"),
    ],
)
def test_a_token_that_does_not_suffice_is_not_saved(task, host, ghcr, user, options, said, advice):
    for check in (True, False):
        result = task(user, images=[ghcr.image], check=check, **options)
        assert result["failed"] and "was not saved" in result["msg"] and said in result["msg"] and advice in result["troubleshooting"]
        assert "failed" in outcomes(result).values()
        assert not (host / ".docker").exists() and not (host / "bin/calls").exists()


def test_a_token_without_scopes_is_not_judged_by_them(task, ghcr):
    result = task("actions", images=[ghcr.image], push=True, scopes=["write:packages"])
    assert result["changed"] and outcomes(result) == {"login": "passed", "scopes": "skipped", "pull": "passed", "push": "passed"}
    assert next(item for item in result["checks"] if item["check"] == "scopes")["reason"].startswith("GitHub names no scopes")


@pytest.mark.parametrize("options, why", [({"api_url": "http://127.0.0.1:1"}, "cannot be asked"), ({"api_url": None}, "is not GitHub's")])
def test_a_github_that_does_not_answer_proves_nothing(task, options, why):
    result = task("reader", **options)
    scopes = next(item for item in result["checks"] if item["check"] == "scopes")
    assert result["changed"] and scopes["outcome"] == "skipped" and why in scopes["reason"]


def test_an_upload_is_begun_and_cancelled(task, ghcr):
    task("writer", images=[ghcr.image, f"{ghcr.name}/acme/shop:missing"], image_must_exist=False, push=True)
    uploads = [line for line in ghcr.asked if "uploads" in line]
    assert uploads == ["POST /v2/acme/shop/blobs/uploads/", "DELETE /v2/acme/shop/blobs/uploads/one"]
    assert not [line for line in ghcr.asked if line.startswith(("PUT", "PATCH"))]


def test_an_image_that_is_not_there(task, host, ghcr):
    image = f"{ghcr.name}/acme/shop:2.0"
    result = task("reader", images=[image])
    assert result["failed"] and "404 manifest_unknown: manifest unknown" in result["msg"] and "push it first" in result["troubleshooting"]
    result = task("reader", images=[image], image_must_exist=False)
    assert result["changed"] and outcomes(result)["pull"] == "skipped"


def test_without_a_password_what_is_there_is_verified(task, host, ghcr):
    result = task("reader", password=None)
    assert result["failed"] and "no password was given: there is no login" in result["msg"]
    keep(host, ghcr.name, "reader", TOKENS["reader"])
    assert not task("reader", password=None)["changed"]
    keep(host, ghcr.name, "reader", TOKENS["expired"])
    result = task("reader", password=None)
    assert result["failed"] and outcomes(result)["login"] == "failed" and "expired" in result["troubleshooting"]


def test_log_out_once(task, host, ghcr):
    assert not task(None, state="absent")["changed"]
    keep(host, f"https://{ghcr.name}", "second", TOKENS["second"], credHelpers={"other.example": "lab"})
    promised = task(None, state="absent", check=True)
    assert promised["changed"] and promised["msg"].endswith("second was logged in") and logins(host)
    result = task(None, state="absent")
    assert (result["changed"], result["diff"]) == (True, promised["diff"]) and not logins(host)
    assert kept(host)["credHelpers"] == {"other.example": "lab"}
    assert not task(None, state="absent")["changed"]


def test_a_token_that_ends_soon_is_a_warning(task):
    result = task("soon")
    assert result["token_expires_at"] == "2020-01-02T03:04:05Z" and "expires on 2020-01-02" in str(result["warnings"])


def test_a_credential_helper_is_asked_and_told(task, host, ghcr):
    (host / ".docker").mkdir()
    (host / ".docker/config.json").write_text('{"credsStore": "lab"}')
    result = task("reader")
    assert result["changed"] and result["login"]["helper"] == "lab" and "build container" in result["warnings"][0]
    assert logins(host) == {ghcr.name: ""}
    again = task("reader")
    assert not again["changed"] and again["warnings"] == result["warnings"]
    assert task("second")["changed"] and not task("second")["changed"]
    bypassed = task("second", credential_helper="bypass", check=True)
    result = task("second", credential_helper="bypass")
    assert result["changed"] and result["diff"] == bypassed["diff"] and not result["warnings"]
    assert logins(host) == {ghcr.name: f"second:{TOKENS['second']}"} and kept(host)["credsStore"] == "lab"
    assert not task("second", credential_helper="bypass")["changed"] and not task("second")["changed"]
    assert task(None, state="absent")["changed"] and not task(None, state="absent")["changed"]


def test_logging_out_tells_the_helper_too(task, host, ghcr):
    (host / ".docker").mkdir()
    (host / ".docker/config.json").write_text(json.dumps({"credHelpers": {ghcr.name: "lab"}}))
    task("reader")
    assert task(None, state="absent")["changed"] and json.loads((host / "bin/docker-credential-lab.kept").read_text()) == {}
    assert not task(None, state="absent")["changed"]


@pytest.mark.parametrize("script", [None, "#!/bin/sh\necho the key ring is locked\nexit 3\n", "#!/bin/sh\necho nonsense\n"])
def test_a_credential_helper_that_does_not_work(task, host, script):
    (host / ".docker").mkdir()
    (host / ".docker/config.json").write_text('{"credsStore": "broken"}')
    if script:
        (host / "bin/docker-credential-broken").write_text(script)
        (host / "bin/docker-credential-broken").chmod(0o755)
    result = task("reader")
    assert (result["failed"] and "docker-credential-broken" in str(result)) or "docker login" in result["msg"]
    result = task(None, state="absent")
    assert result["failed"] and "credential_helper=bypass" in result["troubleshooting"]
    assert task("reader", credential_helper="bypass")["changed"] and not task("reader")["changed"]


def test_a_user_who_may_not_talk_to_the_engine_logs_in_without_it(task, host, ghcr):
    (host / "bin/no-access").touch()
    assert task("reader")["changed"] and logins(host) == {ghcr.name: f"reader:{TOKENS['reader']}"}
    assert task(None, state="absent")["changed"]


@pytest.mark.parametrize(
    "content, said",
    [("[]", "is no configuration of Docker"), ("{", "is no configuration of Docker"), (None, "cannot be read: Is a directory")],
)
def test_a_file_that_docker_cannot_read(task, host, content, said):
    (host / ".docker").mkdir()
    if content is None:
        (host / ".docker/config.json").mkdir()
    else:
        (host / ".docker/config.json").write_text(content)
    result = task("reader")
    assert result["failed"] and said in result["msg"] and "orrect" in result["troubleshooting"]


def test_a_file_for_everybody_is_closed_when_a_token_goes_into_it(task, host, ghcr):
    keep(host, "other.example", "somebody", "else")
    (host / ".docker/config.json").chmod(0o644)
    task("reader")
    assert (host / ".docker/config.json").stat().st_mode & 0o777 == 0o600 and set(logins(host)) == {"other.example", ghcr.name}
    (host / ".docker/config.json").chmod(0o644)
    assert "0600" in task("reader")["warnings"][0]


def test_what_docker_says_is_told_without_the_token(task, ghcr, monkeypatch):
    monkeypatch.setattr(registry.Registry, "accepts", lambda self, login: registry.Check("login", "x", "passed", "fine"))
    result = task("reader", password="refused-by-docker-only", scopes=[])
    assert result["failed"] and "docker login" in result["msg"] and "unauthorized: *" in result["msg"]
    assert "refused-by-docker-only" not in str(result) and "expired or revoked" in result["troubleshooting"]


def test_without_docker(task, host, monkeypatch):
    (host / "bin/docker").unlink()
    monkeypatch.setattr(login.commands, "which", lambda program: None)
    assert "no program docker" in task("reader")["msg"]


def test_a_registry_that_does_not_answer(run, host):
    keep(host, "127.0.0.1:1", "reader", TOKENS["reader"])
    result = run(registry="127.0.0.1:1", username="reader", password=TOKENS["reader"])
    assert result["failed"] and "refused" in result["msg"] and "does not reach the registry" in result["troubleshooting"]
    assert logins(host) == {"127.0.0.1:1": f"reader:{TOKENS['reader']}"}


@pytest.mark.parametrize(
    "options, said",
    [
        ({"username": "a:b"}, "username has a colon"),
        ({"username": " "}, "username is empty"),
        ({"password": "\n"}, "password is empty"),
        ({"timeout": 0}, "timeout is 0"),
        ({"push": True}, "push needs images"),
        ({"images": ["ghcr.io/Acme/shop"]}, "lower case"),
        ({"images": ["acme/shop"]}, "is in docker.io, and the login is to ghcr.io"),
        ({"api_url": "http://github.example"}, "over https only"),
        ({"ca_path": "/nonexistent.pem"}, "there is no file"),
        ({"registry": "https://"}, "registry is empty"),
        ({"username": None}, "username"),
    ],
)
def test_options_that_do_not_fit(run, options, said):
    result = run(**{"username": "somebody", "password": TOKENS["reader"], **options})
    assert result["failed"] and said in result["msg"]


@pytest.fixture
def basic():
    """A registry that takes user and password themselves, or a token of its own; ``seen`` are what was sent."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            form = parse_qs(self.rfile.read(length).decode())
            authorization = self.headers.get("Authorization", "")
            seen.append((self.command, urlsplit(self.path).path, authorization, form))
            where = f"http://127.0.0.1:{self.server.server_port}/oauth"
            good = (f"Basic {base64.b64encode(b'builder:a password').decode()}", "Bearer access")
            if self.path == "/oauth":
                status, body = (200, b'{"access_token": "access"}') if form.get("refresh_token") == ["refresh"] else (401, b"{}")
            elif authorization in good:
                status, body = 200, b"{}"
            else:
                status, body = 401, b'{"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}'
            self.send_response(status)
            self.send_header("WWW-Authenticate", f'Bearer realm="{where}",service="s"' if self.server.bearer else 'Basic realm="a lab"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if self.command != "HEAD" else b"")

        do_GET = do_HEAD = do_POST = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.bearer, server.seen, server.name = False, seen, f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_registry_that_takes_passwords(run, host, basic):
    wrong = run(registry=basic.name, username="builder", password="another password")
    assert wrong["failed"] and "401 unauthorized: authentication required" in wrong["msg"] and "not accepted" in wrong["troubleshooting"]
    assert run(registry=basic.name, username="builder", password="a password\n")["changed"]
    assert not run(registry=basic.name, username="builder", password="a password", images=[f"{basic.name}/x"])["changed"]


def test_a_registry_that_gave_a_token_of_its_own(run, host, basic):
    basic.bearer = True
    keep(host, basic.name, "builder", "")
    content = kept(host)
    content["auths"][basic.name]["identitytoken"] = "refresh"
    (host / ".docker/config.json").write_text(json.dumps(content))
    result = run(registry=basic.name, username="builder", password="a password", replace="when_different")
    assert not result["changed"] and basic.seen[-2][3]["grant_type"] == ["refresh_token"]


class Answers:
    """In the place of Web: what each address answers."""

    def __init__(self, **answers):
        self.answers, self.sent = answers, []

    def send(self, method, url, headers=None, data=None):
        self.sent.append((method, url, dict(headers or {})))
        status, given, body = self.answers[method]
        message = registry.http.client.HTTPMessage()
        for name, value in given:
            message[name] = value
        return registry.Reply(status, message, body)


def registry_with(**answers):
    found = registry.Registry("registry.example", 1)
    found.web = Answers(**answers)
    return found


def test_the_login_is_not_sent_where_it_could_be_read():
    found = registry_with(GET=(401, [("WWW-Authenticate", 'Bearer realm="http://elsewhere.example/token",service="x"')], ""))
    with pytest.raises(registry.NoAnswer, match="not https; it was not sent"):
        found.accepts(registry.Credential("me", "secret"))
    assert [call[2].get("Authorization") for call in found.web.sent] == [None]


@pytest.mark.parametrize("location", ["https://storage.example/upload/1", ""])
def test_an_upload_elsewhere_is_not_followed(location):
    found = registry_with(GET=(401, [("WWW-Authenticate", "Basic realm=x")], ""), POST=(202, [("Location", location)], ""))
    check = found.can_push(registry.image("registry.example/a/b"), registry.Credential("me", "secret"))
    assert check.outcome == "passed" and "discards it by itself" in check.reason
    assert {call[0] for call in found.web.sent} == {"GET", "POST"}


@pytest.mark.parametrize("status", [404, 500, 302])
def test_what_is_no_registry(status):
    with pytest.raises(registry.NoAnswer, match=f"answered {status}"):
        registry_with(GET=(status, [], "<html>")).accepts(registry.Credential("me", "secret"))


def test_a_secret_is_not_in_what_python_shows():
    assert "hunter2" not in repr(registry.Credential("me", "hunter2"))


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("ghcr.io/acme/shop", ("ghcr.io", "acme/shop", "latest")),
        ("ghcr.io/acme/shop:1.2", ("ghcr.io", "acme/shop", "1.2")),
        ("registry.example:5000/shop", ("registry.example:5000", "shop", "latest")),
        ("localhost/shop:x", ("localhost", "shop", "x")),
        ("ghcr.io/acme/shop:1@sha256:" + "a" * 64, ("ghcr.io", "acme/shop", "sha256:" + "a" * 64)),
        ("nginx:alpine", ("docker.io", "library/nginx", "alpine")),
        ("acme/shop", ("docker.io", "acme/shop", "latest")),
        ("index.docker.io/acme/shop", ("docker.io", "acme/shop", "latest")),
    ],
)
def test_names_of_images(text, wanted):
    assert registry.image(text) == wanted


@pytest.mark.parametrize("text", ["", "ghcr.io/", "ghcr.io/acme/Shop", "ghcr.io/acme//shop", "ghcr.io/acme/shop /x"])
def test_what_is_no_image(text):
    with pytest.raises(ValueError, match="is no name of an image"):
        registry.image(text)


@pytest.mark.parametrize("name", ["docker.io", "https://index.docker.io/v1/", "registry-1.docker.io"])
def test_docker_hub_has_one_name_and_another_key(name, tmp_path):
    assert registry.registry_name(name) == "docker.io"
    keep(tmp_path, "https://index.docker.io/v1/", "me", "secret")
    store = login.Store(tmp_path / ".docker", registry.registry_name(name), 1)
    assert store.found() == registry.Credential("me", "secret") and registry.Registry("docker.io", 1).host == "registry-1.docker.io"


# What people saw (knowledge.md REG-1 to REG-3, the brief) -> words of the explanation
@pytest.mark.parametrize(
    "text, words",
    [
        ("denied: permission_denied: The token provided does not match expected scopes.", "lacks a scope"),
        ("unauthorized: authentication required", "There is no login, or it is not accepted"),
        ('Error: Head "https://ghcr.io/v2/acme/shop/manifests/2": denied: denied', "expired, revoked"),
        ("pull access denied for acme/shop, repository does not exist or may require 'docker login'", "expired, revoked"),
        ("no basic auth credentials", "There is no login"),
        ("Resource protected by organization SAML enforcement", "single sign-on"),
        ("toomanyrequests: You have reached your pull rate limit", "limits how often"),
        ("x509: certificate signed by unknown authority", "/etc/docker/certs.d"),
        ("http: server gave HTTP response to HTTPS client", "plain HTTP"),
        ("dial tcp: lookup ghcr.io: no such host", "does not reach"),
        ("error storing credentials - err: exit status 1, out: `locked`", "credential_helper=bypass"),
        ("Got permission denied while trying to connect to the Docker daemon socket", "needs no engine"),
    ],
)
def test_what_is_known_about_an_answer(text, words):
    assert words in registry.explain(text)


def test_nothing_is_known_about_other_texts():
    assert registry.explain("it rains") is None
