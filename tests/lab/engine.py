# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker engine of one's own: own namespaces, own data, gone with the process.

A script calls ``isolate()`` first. It runs the script again inside new mount and PID namespaces (and a new network namespace, if wanted);
when that process ends, however it ends, the kernel ends everything below it and drops its mounts. Base images cannot be pulled here, so
``tarball()`` makes stand-ins from Debian packages before the network is left behind; they are kept in LAB_CACHE for the next run.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = Path(os.environ.get("LAB_CACHE", ROOT / ".build" / "lab" / "cache"))
INSIDE = "COOLIFY_LAB_FOLDER"


def tarball(name: str, suite: str, packages: str) -> Path:
    """A Debian file system with ``packages`` (comma separated) as a tar file; made once, about 20 s."""
    path = CACHE / f"{name}.tar"
    recipe = CACHE / f"{name}.recipe"
    wanted = f"{suite} {packages}"
    if not (path.is_file() and recipe.is_file() and recipe.read_text() == wanted):
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            made = Path(folder) / "image.tar"
            command = ["mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", f"--include={packages}", suite, str(made)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
            made.replace(path)
        recipe.write_text(wanted)
    return path


def isolate(network: bool = True) -> Path:
    """Run this script again in namespaces of its own, with its exit status; inside them: return a new folder that goes when the script ends."""
    if os.environ.get(INSIDE):
        folder = Path(os.environ.pop(INSIDE))
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        if network:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return folder
    folder = Path(tempfile.mkdtemp(prefix="coolify-lab-"))
    atexit.register(_remove, folder)
    spaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *(["--net"] if network else [])]
    # As the shell started it: "python -m package" too
    argv = [sys.executable, *(["-m", _module()] if _module() else [sys.argv[0]]), *sys.argv[1:]]
    child = subprocess.Popen(["unshare", *spaces, *argv], env=dict(os.environ, **{INSIDE: str(folder)}))
    for number in (signal.SIGTERM, signal.SIGHUP):
        # unshare itself ignores SIGTERM; with it goes everything inside
        signal.signal(number, lambda *_args: child.kill())
    while True:
        try:
            sys.exit(child.wait() & 255)
        except KeyboardInterrupt:
            continue  # the child got it too, and cleans up


def _module() -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return (spec.name.removesuffix(".__main__") if spec else "") or ""


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # An empty control group is all that a killed engine leaves behind
    for path in Path("/sys/fs/cgroup").glob(f"**/{folder.name}"):
        for group in sorted((found for found in path.rglob("*") if found.is_dir()), reverse=True):
            _rmdir(group)
        _rmdir(path)


def _rmdir(path: Path) -> None:
    try:
        path.rmdir()
    except OSError:
        pass


class Engine:
    """dockerd below ``folder``. ``bridge``: the address of docker0 (needs the network namespace), None for only --network host."""

    def __init__(self, folder: Path, bridge: str | None = "172.29.77.1/24", options: tuple[str, ...] = ()) -> None:
        self.folder = folder / "engine"
        self.socket = f"unix://{self.folder}/docker.sock"
        self.environment = dict(os.environ, DOCKER_HOST=self.socket, DOCKER_CONFIG=str(self.folder / "config"), DOCKER_BUILDKIT="0")
        network = (
            ["--bip", bridge]
            if bridge
            else ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--bridge=none"]
        )
        self.command = [
            "/usr/sbin/dockerd",
            *("--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "exec")),
            *("-p", str(self.folder / "docker.pid"), "-H", self.socket, "--storage-driver=overlay2"),
            # CAP_SYS_RESOURCE may be missing, in CI for one
            *("--oom-score-adjust=0", "--default-ulimit", "nofile=20000:20000", "--cgroup-parent", f"/{folder.name}"),
            *network,
            *options,
        ]

    def __enter__(self) -> Engine:
        self.folder.mkdir(parents=True)
        self.log = (self.folder / "dockerd.log").open("wb")
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 30
        while self.docker("info", check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"dockerd does not start: {(self.folder / 'dockerd.log').read_text()[-2000:]}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_args: object) -> None:
        running = self.docker("ps", "-aq", check=False).stdout.split()
        if running:
            self.docker("rm", "-f", *running, check=False)
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()

    def docker(self, *args: str, check: bool = True, given: str | None = None, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["docker", *args], env=self.environment, capture_output=True, text=True, input=given, timeout=timeout, check=False
        )
        if check and done.returncode:
            raise RuntimeError(f"docker {' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}")
        return done

    def load(self, tar: Path, image: str, *changes: str) -> None:
        """Import ``tar`` as ``image``; ``changes`` are Dockerfile lines (CMD, ENV, EXPOSE …)."""
        self.docker("import", *(part for change in changes for part in ("-c", change)), str(tar), image)

    def build(self, image: str, dockerfile: str, context: Path | None = None, *args: str) -> None:
        """Build from the text of a Dockerfile, with the context or without one."""
        if context is None:
            self.docker("build", "-q", "-t", image, *args, "-", given=dockerfile)
        else:
            self.docker("build", "-q", "-t", image, *args, "-f", "-", str(context), given=dockerfile)

    def inspect(self, container: str) -> dict:
        return json.loads(self.docker("inspect", container).stdout)[0]

    def health(self, container: str, wanted: str = "healthy", timeout: float = 60) -> str:
        """The health of a container, once it is as wanted or the time is over."""
        deadline = time.monotonic() + timeout
        while True:
            state = self.inspect(container)["State"]
            found = state.get("Health", {}).get("Status", "none") if state["Running"] else state["Status"]
            if found == wanted or time.monotonic() > deadline:
                return found
            time.sleep(0.2)
