# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What /proc says, as pure functions of its texts."""

from __future__ import annotations

import ipaddress
import re
import sys
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from .masking import clip, mask

HOST_METRICS = (
    "cpu_usage_percent",
    "memory_usage_percent",
    "memory_usage_mb",
    "memory_limit_mb",
    "disk_usage_percent",
    "disk_usage_mb",
    "network_in_mbps",
    "network_out_mbps",
    "uptime_seconds",
)

LISTEN, UNCONNECTED = "0A", "07"
ESTABLISHED = "01"
# Docker's DNS inside of user-defined networks. It listens in every container, and nobody asked about it
DOCKER_DNS = "127.0.0.11"
# Bridges, bonds, tunnels and VLANs: what passes them is counted at the interface to the outside too, or never leaves
INNER = re.compile(r"(lo|docker|br|veth|vxlan|dummy|ifb|bond|team|wg|tun|tap|tailscale|virbr|cni|flannel|cali)[\w-]*$|.*\.\d+$")
OOM = re.compile(r"Out of memory|out of memory|oom-kill:|invoked oom-killer|Killed process")
OOM_LINES = 10


@dataclass(frozen=True)
class Socket:
    """A socket that takes connections or datagrams; ``inode`` leads to its owner."""

    address: str
    port: int
    protocol: str
    inode: str


def cpu_ticks(stat: str) -> tuple[int, int]:
    """(busy, all) clock ticks since the start, of /proc/stat."""
    figures = [int(figure) for figure in stat.split("\n", 1)[0].split()[1:9]]
    # user nice system idle iowait irq softirq steal; guests are in user already
    return sum(figures) - figures[3] - figures[4], sum(figures)


def cpu_percent(before: tuple[int, int], after: tuple[int, int], own: float = 0.0) -> float | None:
    """``own`` are the ticks that this module and its commands used meanwhile, which are not the host's load."""
    whole = after[1] - before[1]
    return round(min(100.0, max(0.0, (after[0] - before[0] - own) * 100 / whole)), 1) if whole > 0 else None


def memory(meminfo: str) -> dict[str, t.Any]:
    """Memory and swap in MB, of /proc/meminfo."""
    kilobytes = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+)", meminfo, re.MULTILINE)}
    total = kilobytes["MemTotal"]
    # Before Linux 3.14 there is no MemAvailable
    available = kilobytes.get("MemAvailable", kilobytes["MemFree"] + kilobytes.get("Cached", 0) + kilobytes.get("Buffers", 0))
    swap = kilobytes.get("SwapTotal", 0)
    return {
        "limit_mb": total // 1024,
        "usage_mb": (total - available) // 1024,
        "usage_percent": round((total - available) * 100 / total, 1),
        "swap_mb": swap // 1024,
        "swap_used_mb": (swap - kilobytes.get("SwapFree", 0)) // 1024,
    }


def network_bytes(dev: str) -> tuple[int, int]:
    """(received, sent) by the interfaces to the outside, of /proc/net/dev."""
    received = sent = 0
    for line in dev.splitlines():
        name, colon, figures = line.partition(":")
        if colon and not INNER.match(name.strip()):
            received += int(figures.split()[0])
            sent += int(figures.split()[8])
    return received, sent


def mbps(before: int, after: int, seconds: float) -> float | None:
    """Megabits per second; None when the counter was reset or no time passed."""
    return round((after - before) * 8 / seconds / 1e6, 2) if seconds > 0 and after >= before else None


def sockets(text: str, protocol: str, byteorder: str = sys.byteorder) -> list[Socket]:
    """The listening sockets of one or more of /proc/net/tcp, tcp6 (``protocol`` is ``tcp``), udp and udp6 (``udp``)."""
    wanted = LISTEN if protocol == "tcp" else UNCONNECTED
    found = {}
    for line in text.splitlines():
        fields = line.split()
        match = re.match(r"([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$", fields[1]) if len(fields) > 9 else None
        if match and fields[3] == wanted:
            socket = Socket(address(match[1], byteorder), int(match[2], 16), protocol, fields[9])
            if socket.address != DOCKER_DNS:
                # Several sockets can share a port
                found.setdefault((socket.address, socket.port), socket)
    return [found[key] for key in sorted(found, key=lambda key: (key[1], key[0]))]


def connections(text: str) -> dict[int, int]:
    """How many connections are open to each local port, of one or more of /proc/net/tcp and tcp6."""
    rows = [line.split() for line in text.splitlines()]
    ports = [int(fields[1].rpartition(":")[2], 16) for fields in rows if len(fields) > 9 and fields[3] == ESTABLISHED]
    return {port: ports.count(port) for port in sorted(set(ports))}


def address(digits: str, byteorder: str = sys.byteorder) -> str:
    """An address from the kernel's hex digits, words of 32 bits in the machine's own order. IPv4 inside of IPv6 becomes plain IPv4."""
    words = [bytes.fromhex(digits[start : start + 8]) for start in range(0, len(digits), 8)]
    packed = b"".join(word[::-1] if byteorder == "little" else word for word in words)
    if len(packed) == 4:
        return str(ipaddress.IPv4Address(packed))
    six = ipaddress.IPv6Address(packed)
    return str(six.ipv4_mapped or six)


def container_of(cgroup: str) -> str | None:
    """The id of the container that a process is in, of /proc/PID/cgroup."""
    match = re.search(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", cgroup)
    return match[0] if match else None


@dataclass(frozen=True)
class Group:
    """Where a container's control group says what it uses, below /sys/fs/cgroup; ``cpu_key`` is None where the file holds one number."""

    memory: str
    memory_stat: str
    cache_key: str
    cpu: str
    cpu_key: str | None
    cpu_unit: float


def group(cgroup: str) -> Group:
    """Of /proc/PID/cgroup. Version 1 has a hierarchy for each controller, version 2 one for all. Raises KeyError where neither is."""
    paths = {}
    for line in cgroup.splitlines():
        _number, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path))
    if "memory" in paths:
        memory, cpu = f"memory{paths['memory']}", f"cpuacct{paths['cpuacct']}"
        return Group(f"{memory}/memory.usage_in_bytes", f"{memory}/memory.stat", "total_inactive_file", f"{cpu}/cpuacct.usage", None, 1e-9)
    path = paths[""].lstrip("/")
    return Group(f"{path}/memory.current", f"{path}/memory.stat", "inactive_file", f"{path}/cpu.stat", "usage_usec", 1e-6)


def figure(text: str, key: str | None) -> int:
    """The number of a file that holds one, or that of a line ``key number``. Raises ValueError."""
    match = re.search(rf"^{key} (\d+)$" if key else r"^(\d+)$", text, re.MULTILINE)
    if not match:
        raise ValueError(f"there is no {key}")
    return int(match[1])


def oom_messages(records: t.Iterable[str], booted: float) -> list[str]:
    """The last lines about killed processes, of /dev/kmsg's records (``6,1234,microseconds,-;text``), with their times."""
    found = []
    for record in records:
        head, _semicolon, text = record.partition(";")
        fields = head.split(",")
        if len(fields) > 2 and OOM.search(text):
            when = datetime.fromtimestamp(booted + int(fields[2]) / 1e6, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            found.append(clip(f"{when} {mask(text.splitlines()[0])}"))
    return found[-OOM_LINES:]
