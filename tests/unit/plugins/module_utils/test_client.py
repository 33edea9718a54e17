# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils import _client as client
from ansible_collections.selfhosted.coolify.plugins.module_utils._errors import InputError, NotFound, Unreadable
from ansible_collections.selfhosted.coolify.plugins.module_utils._http import Answer, checked_url, is_plain_http


def error_of(status: int, body, kind: str = "application/json"):
    text = body if isinstance(body, str) else json.dumps(body)
    return client.error_of(Answer(status, {"Content-Type": kind}, text), "PATCH", "/applications/ab12")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {"message": "Unauthenticated."}, "Unauthenticated."),
        (400, {"message": "Invalid request.", "error": "Empty JSON."}, "Invalid request. Empty JSON."),
        (
            422,
            {"message": "Validation failed.", "errors": {"name": ["The name field must be a string."]}},
            "name: The name field must be a string.",
        ),
        (
            422,
            {"message": "Validation failed.", "errors": {"dockerfile": "should be base64 encoded."}},
            "dockerfile: should be base64 encoded.",
        ),
        (422, {"message": "Validation failed.", "errors": ["Invalid URL: shop.example.com"]}, "Invalid URL: shop.example.com"),
        (
            422,
            {"message": "Validation failed.", "errors": {"docker_compose_domains.0.name": ["required"]}},
            "docker_compose_domains.0.name: required",
        ),
        (
            422,
            {"message": "Validation failed.", "errors": ["color", "size"]},
            "color: This field is not allowed.; size: This field is not allowed.",
        ),
        (422, {"message": "You need to provide at least one of environment_name or environment_uuid."}, "You need to provide at least one"),
        (
            409,
            {
                "message": "Domain conflicts detected.",
                "conflicts": [
                    {"domain": "https://a.example.com", "resource_name": "api", "resource_uuid": "k1", "resource_type": "application"},
                    {
                        "domain": "https://a.example.com",
                        "resource_name": "Coolify Instance",
                        "resource_uuid": None,
                        "resource_type": "instance",
                    },
                ],
            },
            'https://a.example.com is already used by application "api" (k1); https://a.example.com is already used by instance "Coolify Instance"',
        ),
        (405, {"message": "This endpoint has changed to a POST request."}, "This endpoint has changed to a POST request."),
        (500, {"message": "Server Error"}, "Server Error"),
        (503, "<html><head><title>Be right back</title></head></html>", "an HTML page (Be right back)"),
        (502, "", "no text"),
        (500, '{"message": "Serv', "truncated or invalid text"),
    ],
)
def test_every_shape_of_error_becomes_one_sentence(status, body, said):
    error = error_of(status, body)
    assert error.code == status
    assert str(error).startswith(f"PATCH /applications/ab12 answered {status}")
    assert said in str(error) and "\n" not in str(error)
    assert error.troubleshooting


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("API is disabled.", "API Access"),
        ("You are not allowed to access the API.", "Allowed IPs"),
        ("Missing required permissions: write", "this ability"),
        ("Missing required team role.", "plain member"),
        ("You are not authorized to perform this action.", "owner"),
    ],
)
def test_the_meanings_of_403(message, advice):
    assert advice in error_of(403, {"success": True, "message": message}).troubleshooting


def test_a_missing_route_is_told_from_a_missing_thing():
    route, thing = (
        error_of(404, {"message": "Not found.", "docs": "https://coolify.io/docs"}),
        error_of(404, {"message": "Application not found."}),
    )
    assert isinstance(route, NotFound) and route.route
    assert isinstance(thing, NotFound) and not thing.route


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://coolify.example.com", "https://coolify.example.com"),
        ("https://coolify.example.com/", "https://coolify.example.com"),
        ("https://coolify.example.com:8443/panel/api/v1/", "https://coolify.example.com:8443/panel"),
        (" http://127.0.0.1:8000 ", "http://127.0.0.1:8000"),
    ],
)
def test_the_base_address(given, base):
    assert checked_url(given) == base


@pytest.mark.parametrize("url", ["coolify.example.com", "ftp://coolify.example.com", "https://", ""])
def test_what_is_no_address(url):
    with pytest.raises(InputError, match="address"):
        checked_url(url)


@pytest.mark.parametrize(
    "url", ["https://1|secret@coolify.example.com", "https://u:secret@coolify.example.com", "https://coolify.example.com?token=secret"]
)
def test_a_token_in_the_address_is_refused_and_not_repeated(url):
    with pytest.raises(InputError) as error:
        checked_url(url)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://10.0.0.1", True),
        ("http://localhost:8000", False),
        ("http://127.0.0.2", False),
        ("http://[::1]:8000", False),
        ("https://10.0.0.1", False),
    ],
)
def test_where_the_token_would_travel_in_clear(url, plain):
    assert is_plain_http(url) is plain


@pytest.mark.parametrize(
    ("older", "newer"), [("4.1.2", "4.2.0"), ("4.3.9", "4.3.11"), ("4.2", "4.2.1"), ("4.3.11", "4.4-rc.1"), ("4.0.0-beta.474", "4.1.0")]
)
def test_versions_are_compared_as_numbers(older, newer):
    assert client.version_tuple(older) < client.version_tuple(newer)


def test_a_release_candidate_counts_as_its_release():
    assert client.version_tuple("4.4-rc.1") == client.version_tuple("4.4.0")


def test_paths_are_quoted():
    assert client.path("projects", "a/b", "x y?") == "/projects/a%2Fb/x%20y%3F"


# --- shapes of answers


def recorded() -> list[tuple[str, object]]:
    return [
        (f"{path.parent.name}/{path.stem}/{step['name']}", step["response"]["body"])
        for path in sorted((Path(__file__).parents[3] / "fixtures").glob("transcripts*/*.json"))
        for step in json.loads(path.read_text())["steps"]
        if step["response"]["status"] < 400 and isinstance(step["response"].get("body"), (dict, list))
    ]


def masked(data):
    """A recording has ``<int>`` and the like for what differs from run to run."""
    if isinstance(data, dict):
        return {key: masked(value) for key, value in data.items() if not (isinstance(value, str) and value.startswith("<"))}
    return [masked(item) for item in data] if isinstance(data, list) else data


def test_every_recorded_answer_has_the_shapes_that_we_rely_on():
    answers = recorded()
    assert len(answers) > 800
    for where, body in answers:
        try:
            json.loads(json.dumps(masked(body)), object_hook=client.told)
        except Unreadable as error:
            raise AssertionError(f"{where}: {error}") from error


@pytest.mark.parametrize(
    "body", [{"uuid": 5}, {"environments": {}}, {"environments": [1]}, {"a": {"settings": []}}, {"id": "x"}, {"name": True}]
)
def test_what_can_be_nothing_of_coolifys_is_told(body):
    with pytest.raises(Unreadable):
        json.loads(json.dumps(body), object_hook=client.told)
    with pytest.raises(Unreadable):
        json.loads("{}", object_hook=client.told)["uuid"]
