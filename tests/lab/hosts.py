# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts to reach by SSH, registries that they reach, and nothing that stays behind.

    python -m tests.lab.hosts up FOLDER [HOST=USER ...]     returns when all is ready
    ssh -F FOLDER/ssh_config HOST
    python -m tests.lab.hosts down FOLDER

A host is a network and a mount namespace with users, homes, /etc, /run, /tmp and /usr/local/bin of its own, in which OpenSSH's server runs
for each connection. USER may use sudo without a password. There is no Docker engine on them; Docker's CLI is recorded in /var/log/docker-calls.

10.77.0.1 in the lab's network is
    registry.lab:5443   docker-registry with users (htpasswd); the CA is in the hosts' /etc/docker/certs.d only
    ghcr.lab            a stand-in for ghcr.io and for GitHub's API in front of the same registry; the hosts' system trusts the CA
with the accounts of FOLDER/accounts.json (see tests/lab/ghcr.py). Both have the image acme/shop:1.0.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from .packages import need

ROOT = Path(__file__).resolve().parent.parent.parent
ADDRESS = "10.77.0.1"
DEBIANS = "/usr/bin/docker"
SSHD = "/usr/sbin/sshd"
REAL_DOCKER = "/opt/lab/docker"
RECORDER = f"""#!/bin/sh
# What everybody on this host can see of a process: its arguments. And what root can see: its environment
{{ printf 'ARG'; printf ' %s' "$@"; echo; env | sed 's/^/ENV /'; }} >> /var/log/docker-calls
exec {REAL_DOCKER} "$@"
"""
ACCOUNTS = {
    "octo-writer": {"token": "ghp_labWriterToken000000000000000000001", "scopes": "read:packages, write:packages", "expired": False},
    "octo-reader": {"token": "ghp_labReaderToken000000000000000000002", "scopes": "read:packages", "expired": False},
    "octo-expired": {"token": "ghp_labExpiredToken00000000000000000003", "scopes": "read:packages", "expired": True},
    "octo-nothing": {"token": "ghp_labNothingToken00000000000000000004", "scopes": "gist", "expired": False},
    "octo-actions": {"token": "ghs_labActionsToken00000000000000000005", "scopes": None, "expired": False},
}
USERS = {"backend": "labBackendPassword", "builder": "labBuilderPassword"}


def run(*command: str, given: str | None = None) -> str:
    return subprocess.run(command, input=given, check=True, capture_output=True, text=True).stdout


class Host:
    """Inside the lab's namespaces."""

    def __init__(self, folder: Path, name: str, user: str, number: int) -> None:
        self.folder, self.name, self.user, self.number = folder / "hosts" / name, name, user, number

    def start(self) -> None:
        self.folder.mkdir(parents=True)
        self.holder = subprocess.Popen(["unshare", "--net", "--mount", "--uts", "sleep", "infinity"], start_new_session=True)
        while os.readlink(f"/proc/{self.holder.pid}/ns/uts") == os.readlink("/proc/self/ns/uts"):
            time.sleep(0.01)
        self.network()
        self.files()

    def inside(self, *command: str, given: str | None = None) -> str:
        return run("nsenter", "--target", str(self.holder.pid), "--net", "--mount", "--uts", *command, given=given)

    def network(self) -> None:
        outer, inner = f"lab{self.number}", "eth0"
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", str(self.holder.pid))
        run("ip", "link", "set", outer, "master", "br0", "up")
        self.inside("ip", "addr", "add", f"10.77.0.{10 + self.number}/24", "dev", inner)
        for device in ("lo", inner):
            self.inside("ip", "link", "set", device, "up")
        self.inside("hostname", self.name)

    def files(self) -> None:
        # Where there are two, both are tried: Debian's is older
        docker = next(
            (path for path in (DEBIANS if self.number % 2 == 0 else "", shutil.which("docker")) if path and Path(path).exists()), ""
        )
        # The folder itself may be below /root or /tmp, which the host does not see any more
        lab = Path("/mnt")
        own_folder = lab / "hosts" / self.name
        script = ["set -e", "mount --make-rprivate /", f"mount --bind {self.folder.parent.parent} {lab}"]
        for place in ("/etc", "/usr/local/bin", "/opt", "/var/log"):
            upper, work = (own_folder / kind / place.strip("/").replace("/", "-") for kind in ("changed", "work"))
            script.append(f"mkdir -p {upper} {work}")
            script.append(f"mount -t overlay overlay -o lowerdir={place},upperdir={upper},workdir={work} {place}")
        for place in ("/root", "/home", "/tmp", "/run"):
            own = own_folder / "own" / place.strip("/")
            script.append(f"mkdir -p {own}; mount --bind {own} {place}")
        script += [
            f"mkdir -m 700 /etc/lab; cp {lab}/sshd_config {lab}/host_key /etc/lab",
            "chmod 700 /root; chmod 1777 /tmp; mkdir -p -m 755 /run/sshd /opt/lab",
            f"cp {docker} {REAL_DOCKER}",
            f"rm -f /usr/local/bin/docker; cat > /usr/local/bin/docker <<'X'\n{RECORDER}X\nchmod 755 /usr/local/bin/docker",
            "touch /var/log/docker-calls; chmod 666 /var/log/docker-calls",
            f"id {self.user} >/dev/null 2>&1 || useradd --create-home --shell /bin/bash {self.user}",
            # Without a password, but not locked, or sshd lets nobody in
            f"usermod -p '*' {self.user}",
            f"echo '{self.user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/lab; chmod 440 /etc/sudoers.d/lab",
            f"for home in /root $(getent passwd {self.user} | cut -d: -f6); do mkdir -p -m 700 $home/.ssh; "
            f"cp {lab}/key.pub $home/.ssh/authorized_keys; done",
            f"chown -R {self.user}: $(getent passwd {self.user} | cut -d: -f6)/.ssh",
            f"printf '127.0.0.1 localhost\\n{ADDRESS} ghcr.lab registry.lab\\n' > /etc/hosts; rm -f /etc/nsswitch.conf",
            "rm -rf /etc/docker/certs.d; mkdir -p /etc/docker/certs.d/registry.lab:5443",
            f"cp {lab}/ca.pem /etc/docker/certs.d/registry.lab:5443/ca.crt",
            f"cp {lab}/ca-of-ghcr.pem /etc/ssl/certs/lab.pem",
            "ln -s lab.pem /etc/ssl/certs/$(openssl x509 -in /etc/ssl/certs/lab.pem -noout -subject_hash).0",
            "cat /etc/ssl/certs/lab.pem >> /etc/ssl/certs/ca-certificates.crt",
            f"umount --lazy {lab}",
        ]
        self.inside("sh", "-s", given="\n".join(script))


def certificates(folder: Path) -> None:
    """Two authorities, because the hosts are to trust one for everything and the other for one registry only."""
    import trustme

    for name, server in (("ca", "registry.lab"), ("ca-of-ghcr", "ghcr.lab")):
        authority = trustme.CA(organization_name=name)
        authority.cert_pem.write_to_path(str(folder / f"{name}.pem"))
        issued = authority.issue_cert(server)
        issued.private_key_pem.write_to_path(str(folder / f"{server}.key"))
        (folder / f"{server}.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))


def serve(folder: Path, wanted: list[str]) -> None:
    """Everything, inside namespaces of its own; ends with the process."""
    from .ghcr import Ghcr
    from .registry import Registry

    run("mount", "--make-rprivate", "/")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "br0", "type", "bridge")
    run("ip", "addr", "add", f"{ADDRESS}/24", "dev", "br0")
    run("ip", "link", "set", "br0", "up")
    certificates(folder)
    hosts = [Host(folder, *text.split("="), number) for number, text in enumerate(wanted, 1)]
    for host in hosts:
        host.start()
    pems = {name: (folder / f"{name}.pem", folder / f"{name}.key") for name in ("registry.lab", "ghcr.lab")}
    with Registry(folder, f"{ADDRESS}:5443", USERS, *pems["registry.lab"]) as registry:
        registry.seed("acme/shop", "1.0")
        accounts = folder / "accounts.json"
        with Ghcr(accounts, registry.send, (ADDRESS, 443), "ghcr.lab", *pems["ghcr.lab"]):
            (folder / "ready.part").write_text(json.dumps({host.name: host.holder.pid for host in hosts}))
            (folder / "ready.part").replace(folder / "ready")
            signal.sigwait({signal.SIGTERM, signal.SIGINT})


def enter(folder: Path, name: str) -> None:
    """Become the SSH server of a host, for one connection on standard input and output."""
    lab = int((folder / "pid").read_text())
    pid = outer_pid(json.loads((folder / "ready").read_text())[name], lab)
    os.execvp("nsenter", ["nsenter", f"--target={pid}", "--net", "--mount", "--uts", "--pid", SSHD, "-i", "-f", "/etc/lab/sshd_config"])


def outer_pid(inner: int, lab: int) -> int:
    """The number that a process of the lab has out here."""
    space = os.readlink(f"/proc/{lab}/ns/pid_for_children")
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            numbers = status.read_text().partition("NSpid:")[2].splitlines()[0].split()
            if numbers[-1] == str(inner) and os.readlink(status.parent / "ns/pid") == space:
                return int(status.parent.name)
        except OSError:
            continue
    raise RuntimeError(f"there is no process {inner} in the lab")


def ssh_config(folder: Path, wanted: list[str]) -> str:
    entries = [
        "Host *",
        "  StrictHostKeyChecking no",
        "  UserKnownHostsFile /dev/null",
        "  LogLevel ERROR",
        "  IdentitiesOnly yes",
        f"  IdentityFile {folder}/key",
    ]
    for name, user in (text.split("=") for text in wanted):
        python = f"env PYTHONPATH={ROOT} {sys.executable} -m tests.lab.hosts enter {folder} {name}"
        entries += [f"Host {name}", f"  User {user}", f"  ProxyCommand {python}"]
    return "\n".join(entries) + "\n"


def up(folder: Path, wanted: list[str]) -> int:
    need("apache2-utils", "docker-registry", "docker.io", "iproute2", "openssh-server", "openssl", "sudo", "util-linux")
    if (folder / "pid").exists():
        down(folder)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    (folder / "accounts.json").write_text(json.dumps(ACCOUNTS, indent=2))
    for name in ("key", "host_key"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
    (folder / "sshd_config").write_text(
        "HostKey /etc/lab/host_key\nAuthorizedKeysFile .ssh/authorized_keys\nPasswordAuthentication no\nUsePAM no\n"
        "PermitRootLogin prohibit-password\nPidFile none\nSubsystem sftp internal-sftp\n"
    )
    spaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--net"]
    with (folder / "lab.log").open("wb") as log:
        lab = subprocess.Popen(
            ["unshare", *spaces, sys.executable, "-m", "tests.lab.hosts", "serve", str(folder), *wanted],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (folder / "pid").write_text(str(lab.pid))
    deadline = time.monotonic() + 60
    while not (folder / "ready").exists():
        if lab.poll() is not None or time.monotonic() > deadline:
            print((folder / "lab.log").read_text()[-3000:], file=sys.stderr)
            down(folder)
            return 1
        time.sleep(0.1)
    (folder / "ssh_config").write_text(ssh_config(folder, wanted))
    return 0


def down(folder: Path) -> int:
    """End the lab of a folder, and remove what it made."""
    pid = int((folder / "pid").read_text()) if (folder / "pid").exists() else 0
    # The number may be another process' by now
    if pid and Path(f"/proc/{pid}/cmdline").exists() and str(folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
        os.kill(pid, signal.SIGKILL)
        for _try in range(100):
            if not Path(f"/proc/{pid}/ns/net").exists() or not os.path.exists(f"/proc/{pid}/cmdline"):
                break
            time.sleep(0.05)
    for name in ("pid", "ready", "key", "key.pub", "host_key", "host_key.pub", "ssh_config"):
        (folder / name).unlink(missing_ok=True)
    for name in ("hosts", "registry", "cp"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return 0


def main() -> int:
    what, folder, *wanted = sys.argv[1], Path(sys.argv[2]).resolve(), *sys.argv[3:]
    if what in ("serve", "enter"):
        serve(folder, wanted) if what == "serve" else enter(folder, *wanted)
        return 0
    return up(folder, wanted) if what == "up" else down(folder)


if __name__ == "__main__":
    sys.exit(main())
