# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.selfhosted.coolify.plugins.module_utils import _fields as fields
from ansible_collections.selfhosted.coolify.plugins.module_utils._errors import InputError
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import application, database

APP = {row.name: row for row in application.FIELDS}
DB = {row.name: row for row in (*database.COMMON, *database.SPECIFIC.values())}


def stored(row: fields.Field, sent):
    """What Coolify makes of a value that a PATCH sends, by the normalisation columns of its field tables."""
    if isinstance(sent, str):
        sent = sent.strip() or None
    if row.codec in (fields.FILE, application.LABELS) and sent is not None:
        return base64.b64decode(sent).decode()
    if row.name == "docker_compose_domains":
        return json.dumps({item["name"]: {"domain": item.get("domain"), "redirect": item.get("redirect")} for item in sent})
    if row.name == "domains" and sent is not None:
        return ",".join(
            url[: url.index("/", 8)].lower() + url[url.index("/", 8) :] if "/" in url[8:] else url.lower() for url in sent.split(",")
        )
    if row.name == "health_check_port" and sent is not None:
        return str(sent)
    if row.name in ("name", "description"):
        return fields.without_tags(sent or "")
    if sent is None:
        # T1 of applications.md: what null becomes
        return {"publish_directory": "/", "base_directory": "/", "docker_compose_location": "/docker-compose.yaml"}.get(row.name)
    return sent


def answer(row: fields.Field, value) -> dict:
    whole: dict = {}
    place = whole
    *parents, last = (row.read or row.name).split(".")
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = value
    return whole


WORD = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zs", "Zl", "Zp"), exclude_characters="<>&,"), max_size=40) | WORD
HOST = st.builds("{}.{}".format, WORD, st.sampled_from(["example.com", "Example.ORG"]))
URL = st.builds("{}://{}{}".format, st.sampled_from(["http", "https"]), HOST, st.sampled_from(["", "/", "/path", "/Path/"]))
VALUES = {
    "str": TEXT,
    "bool": st.booleans(),
    "int": st.integers(1024, 65535),
    "list": st.lists(WORD, max_size=4),
    "float": st.floats(0, 1000, allow_nan=False),
}
SPECIAL = {
    "domains": st.lists(URL, max_size=3),
    "noindex_domains": st.lists(URL, max_size=3),
    "docker_compose_domains": st.lists(
        st.fixed_dictionaries({"name": WORD, "domain": URL, "redirect": st.sampled_from([None, "www"])}),
        max_size=3,
        unique_by=lambda item: item["name"],
    ),
    "ports_exposes": st.lists(st.integers(1, 65535), max_size=3),
    "custom_labels": st.lists(st.builds("{}={}".format, WORD, WORD), max_size=3),
    "redis_password": WORD,
}
ROWS = [row for row in (*APP.values(), *(row for name, row in DB.items() if name not in APP)) if row.name != "redis_password"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@given(data=st.data())
def test_reading_back_what_was_written_is_no_difference(row, data):
    option = data.draw(SPECIAL.get(row.name, VALUES[row.codec.type]))
    wanted = row.wanted(option)
    if wanted is None and row.clear is fields.NEVER:
        return
    assert row.equal(wanted, row.found(answer(row, stored(row, row.payload(wanted)))))


@given(WORD, WORD)
def test_a_redis_password_is_read_from_the_url(user, password):
    row = DB["redis_password"]
    assert row.found({"internal_db_url": f"redis://{user}:{password}@host:6379/0"}) == password
    assert row.found({"internal_db_url": f"redis://{password}@host:6379/0"}) == password


@pytest.mark.parametrize(
    ("name", "option", "read"),
    [
        ("domains", ["https://Shop.Example.com/"], "https://shop.example.com"),
        ("domains", ["https://a.example.com,https://b.example.com"], "https://a.example.com,https://b.example.com"),
        ("description", "", None),
        ("description", "a <b>web</b> shop ", "a web shop"),
        ("git_commit_sha", "", "HEAD"),
        ("git_repository", "https://github.com/acme/shop.git", "acme/shop"),
        ("git_repository", "https://github.com/acme/shop", "acme/shop.git"),
        ("publish_directory", "", "/"),
        ("base_directory", "//web", "/web"),
        ("limits_memory", "", "0"),
        ("limits_memory", "0", "0"),
        ("ports_exposes", [80, "443"], "80,443"),
        ("health_check_port", 0, None),
        ("watch_paths", ["/src/**", "!/docs/**"], "src/**\n!docs/**"),
        ("custom_network_aliases", ["shop front", "shop-front"], "shop-front"),
        ("custom_labels", ["a=1", "b=2"], base64.b64encode(b"b=2\ncoolify.managed=true\na=1").decode()),
        ("custom_labels", ["a=1"], "a=1"),
        (
            "docker_compose_domains",
            [{"name": "web", "domain": "https://a.example.com", "redirect": None}],
            '{"web":{"domain":"https://a.example.com"}}',
        ),
        ("docker_compose_domains", [{"name": "web", "domain": "", "redirect": None}], '{"web":{"domain":null}}'),
        ("custom_nginx_configuration", "server {}\n", "server {}"),
        ("noindex_domains", [], []),
    ],
)
def test_the_same_thing_written_differently(name, option, read):
    row = APP[name]
    assert row.equal(row.wanted(option), row.found(answer(row, read)))


@pytest.mark.parametrize(
    ("name", "option", "read"),
    [
        ("domains", ["https://a.example.com"], "https://a.example.com,https://b.example.com"),
        ("domains", ["https://a.example.com/x"], "https://a.example.com/X"),
        ("domains", ["https://b.example.com", "https://a.example.com"], "https://a.example.com,https://b.example.com"),
        ("is_static", False, True),
        ("limits_memory", "512M", "0"),
        ("health_check_port", 80, "8080"),
        ("description", "x", None),
    ],
)
def test_different_things(name, option, read):
    row = APP[name]
    assert not row.equal(row.wanted(option), row.found(answer(row, read)))


def test_what_an_answer_lacks_is_unknown_and_equals_nothing():
    row = APP["is_static"]
    assert row.found({"uuid": "x"}) is fields.UNKNOWN
    assert row.found({"settings": {}}) is fields.UNKNOWN
    assert not row.equal(fields.UNKNOWN, None) and not row.equal(fields.UNKNOWN, fields.UNKNOWN)


def test_a_secret_shows_that_it_differs_and_nothing_else():
    change = fields.Change(APP["http_basic_auth_password"], "old-secret", "new-secret")
    assert fields.shown([change]) == {"before": {"http_basic_auth_password": "********"}, "after": {"http_basic_auth_password": "differs"}}


def test_passwords_in_addresses_are_masked():
    row = APP["git_repository"]
    assert row.show("https://bot:s3cret@git.example.com/shop.git") == "https://bot:********@git.example.com/shop.git"


def test_every_complaint_is_named_at_once():
    with pytest.raises(InputError) as error:
        fields.declared(
            application.FIELDS, {"ports_exposes": ["eighty"], "domains": ["shop.example.com"], "git_branch": "", "description": "x" * 256}
        )
    for name in ("ports_exposes", "domains", "git_branch", "description"):
        assert name in str(error.value)


def test_what_is_not_mentioned_is_no_field():
    assert fields.declared(application.FIELDS, {row.name: None for row in application.FIELDS}) == {}


@pytest.mark.parametrize("text", ["plain", "abcd", "a=1\nb=2", ""])
def test_decoding_takes_strict_base64_only(text):
    assert fields.decoded(fields.encoded(text)) == text
    assert fields.decoded("not base64!") == "not base64!"
