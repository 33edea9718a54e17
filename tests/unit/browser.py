# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages in a headless Chromium, as a person would see them."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import typing as t
import zlib
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine (Debian: apt install chromium)")
DARK = "--blink-settings=preferredColorScheme=0"


def _run(page: Path, *flags: str) -> str:
    profile = page.parent / "chromium-profile"
    words = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    shutil.rmtree(profile, ignore_errors=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def evaluate(page: Path, script: str, width: int = 1200, *flags: str) -> t.Any:
    """What a JavaScript expression gives in the rendered page. The page itself allows no script, so a copy of it that does is loaded."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text())
    copy = page.with_name(f"scripted-{page.name}")
    copy.write_text(f"{text}<script>document.documentElement.dataset.result = JSON.stringify({script})</script>")
    dom = _run(copy, f"--window-size={width},900", *flags, "--dump-dom")
    found = re.search(r'data-result="([^"]*)"', dom)
    assert found, dom[:2000]
    return json.loads(html.unescape(found[1]))


def dom(page: Path) -> str:
    """The document as the browser understood the page itself."""
    return _run(page, "--dump-dom")


def corner(page: Path, *flags: str) -> tuple[int, ...]:
    """Red, green and blue of the page's first pixel. In a PNG it is stored as it is, whatever the filter of its line."""
    picture = page.with_suffix(".png")
    _run(page, "--window-size=1200,900", *flags, f"--screenshot={picture}")
    data, position, parts = picture.read_bytes(), 8, b""
    while position < len(data):
        size, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        parts += data[position + 8 : position + 8 + size] if kind == b"IDAT" else b""
        position += size + 12
    return tuple(zlib.decompress(parts)[1:4])


def pages(page: Path) -> int:
    """On how many sheets it is printed."""
    printed = page.with_suffix(".pdf")
    _run(page, f"--print-to-pdf={printed}", "--no-pdf-header-footer")
    return len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes()))
