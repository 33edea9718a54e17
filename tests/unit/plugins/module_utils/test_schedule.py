# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules: what Coolify was seen to take and to refuse, and that we never let through what the simulator refuses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import s3, storage, task
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.schedule import schedule_complaint
from ansible_collections.selfhosted.coolify.tests.simulator.databases import valid_schedule

TAKEN = """every_minute hourly daily weekly monthly yearly @hourly @daily @weekly @monthly @yearly"""
CRON_TAKEN = ("* * * * *", "*/5 * * * *", "0 3 1-7/2 JAN MON", "0,30 * * * 7", "0  3 * *  1-5", "59 23 31 12 *")
REFUSED = ("Daily", "@midnight", "@annually", "@reboot", "every minute", "", "0 0 * *", "0 0 * * * *", "? * * * *", "0 0 L * *")
CRON_REFUSED = (
    "0 0 * * MON-FRI",
    "60 * * * *",
    "* 24 * * *",
    "0 0 0 * *",
    "0 0 * 13 *",
    "0 0 * * 8",
    "0 0 31 2 *",
    "*/0 * * * *",
    "5-1 * * * *",
)


@pytest.mark.parametrize("text", [*TAKEN.split(), *CRON_TAKEN])
def test_what_coolify_takes_is_no_complaint(text):
    assert schedule_complaint(text) is None and valid_schedule(text)


@pytest.mark.parametrize("text", [*REFUSED, *CRON_REFUSED])
def test_what_coolify_refuses_is_one(text):
    assert repr(text) in schedule_complaint(text)


PARTS = st.sampled_from(
    ["*", "*/5", "0", "1", "7", "8", "12", "13", "23", "24", "29", "30", "31", "32", "59", "60", "1-5", "1,2", "1-5/2", "JAN", "sun", "L"]
)


@given(st.lists(PARTS, min_size=4, max_size=6).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_nothing_gets_through_that_the_simulator_refuses(text):
    assert schedule_complaint(text) is not None or valid_schedule(text)


@given(st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_text_is_judged(text):
    assert isinstance(schedule_complaint(text), (str, type(None)))


# What Coolify lets a client write (applications.md 8.2 and 8.3, resources.md 9.2)


def test_every_field_is_a_row():
    assert {row.write or row.name for row in task.FIELDS} == {"name", "command", "frequency", "container", "timeout", "enabled"}
    persistent, file = ({row.name for row in storage.FIELDS[kind]} for kind in ("persistent", "file"))
    assert persistent == {"name", "mount_path", "host_path", "is_preview_suffix_enabled"}
    assert file == {"mount_path", "content", "is_directory", "is_host_file", "fs_path", "is_preview_suffix_enabled"}
    retention = {f"retention_{name}_{where}" for name in ("amount", "days", "max_storage") for where in ("locally", "s3")}
    assert {row.name for row in storage.BACKUP} == {
        *retention,
        "frequency",
        "enabled",
        "save_s3",
        "s3_storage_uuid",
        "disable_local_backup",
        "stop_during_backup",
        "timeout",
    }
    # is_usable is what Coolify finds out, see validate
    assert {row.name for row in s3.FIELDS} == {"name", "description", "endpoint", "bucket", "region", "key", "secret"}
    assert {row.name for rows in (*storage.FIELDS.values(), s3.FIELDS, task.FIELDS) for row in rows if row.secret} == {
        "content",
        "key",
        "secret",
    }
