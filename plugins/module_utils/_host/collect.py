# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``host_evidence``: what a Docker host says about itself, within a time limit. Only reads.

Whatever cannot be found out is None or empty, and named in ``missing`` with the reason. The time that the task was given is shared:
a call that needs no other may take half of it, so that a hanging one does not keep the rest from being read.
"""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import socket
import time
import typing as t
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from . import certificates, commands, docker, proc
from .masking import lines, mask

PARALLEL = 8
MOST_CONTAINERS = 200
MOST_NETWORKS = 200
MOST_LOGS = 30
"""Containers whose logs are read because of their state. Those that were asked for come on top."""
MOST_EXECS = 20
MOST_SOCKETS = 1000
MOST_BYTES = 1_000_000
PROBE_SECONDS = 5
STORE_BYTES = 20_000_000
FORWARDERS = ("docker-proxy", "dockerd", "rootlesskit", "rootlessport")
CLK_TCK = os.sysconf("SC_CLK_TCK")


def collect(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """``host_evidence``, given the module's options."""
    return Collection(options).evidence()


class Sample(t.NamedTuple):
    """The counters of one moment."""

    at: float
    ticks: tuple[int, int]
    own: float
    network: tuple[int, int]


class Used(t.NamedTuple):
    """What a container used until one moment: bytes of memory without cache that can be given back, as Docker counts, and CPU seconds."""

    at: float
    memory: int
    cpu: float


class Collection:
    """One run. ``inspected`` and ``containers`` have the same containers in the same order."""

    def __init__(self, options: t.Mapping[str, t.Any], root: str = "/") -> None:
        self.options = options
        self.root = Path(root)
        self.deadline = commands.Deadline(options["timeout"])
        self.missing: list[dict[str, str]] = []
        self.inspected: list[dict[str, t.Any]] = []
        self.containers: list[dict[str, t.Any]] = []
        self.secrets: dict[str, tuple[str, ...]] = {}
        self.used: dict[str, Used] = {}
        self.program = commands.which("docker")
        self.remote = is_remote(options.get("docker_host") or os.environ.get("DOCKER_HOST") or "")

    def miss(self, what: str, why: str) -> None:
        self.missing.append({"what": what, "why": mask(why)})

    def docker(self, *words: str, share: float = 1.0, at_most: float | None = None, together: bool = False) -> commands.Answer:
        """One call of the Docker CLI, within a share of the time that is left, and ``at_most`` that many seconds."""
        host = ["-H", self.options["docker_host"]] if self.options.get("docker_host") else []
        seconds = self.deadline.left(share)
        return commands.run([self.program or "docker", *host, *words], min(seconds, at_most or seconds), together)

    def read(self, *path: str) -> str:
        """A file of /proc; raises OSError."""
        return self.root.joinpath("proc", *path).read_text(errors="replace")

    # The whole

    def evidence(self) -> dict[str, t.Any]:
        now = time.time()
        found: dict[str, t.Any] = {
            "collected_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            "hostname": socket.gethostname(),
            "clock_utc": round(now, 3),
            "docker": None,
            "networks": [],
            "proxy": {},
            "probes": [],
            "volumes": None,
        }
        before = self.sample()
        if self.program:
            with ThreadPoolExecutor(PARALLEL) as pool:
                found.update(self.engine(pool))
        else:
            for what in ("docker", "containers", "networks", "proxy", *(["probes"] if self.options["probe"] else [])):
                self.miss(what, "there is no program docker")
        found["listening"] = self.listening()
        found["containers"] = self.containers
        found["logins"] = self.logins()
        found["kernel_oom"] = self.kernel_oom()
        if self.remote:
            self.miss(
                "metrics of the Docker host", "docker_host is another machine; the figures are those of the machine that the task ran on"
            )
        found.update(self.figures((found["docker"] or {}).get("root_dir"), before))
        self.usage()
        found["missing"] = self.missing
        fit(found)
        return found

    def engine(self, pool: ThreadPoolExecutor) -> dict[str, t.Any]:
        """What Docker knows. The calls that need no other start at once."""
        version = pool.submit(self.docker, "version", "--format", "{{json .}}", share=0.5)
        info = pool.submit(self.docker, "info", "--format", "{{json .}}", share=0.5)
        networks = pool.submit(self.networks)
        listed = self.docker("ps", "--all", "--no-trunc", "--format", "{{.ID}}\t{{.Status}}\t{{.Names}}", share=0.5)
        if listed.fine:
            self.inspect(listed.out)
        else:
            self.miss("containers", listed.why)
        self.used = {raw["Id"]: used for raw, item in self.running() for used in [self.using(raw)] if used}
        stats = None
        if len(self.used) < len(list(self.running())):
            # It takes two seconds, so it is asked only where the control groups do not tell
            stats = pool.submit(self.docker, "stats", "--no-stream", "--no-trunc", "--format", "{{json .}}", share=0.5)
        logs = {item["name"]: pool.submit(self.log, item["name"]) for item in self.logs_wanted()}
        inside = {item["name"]: pool.submit(self.inside, raw) for raw, item in self.pairs() if self.has_network(item)}
        probes = [pool.submit(self.probe, wanted) for wanted in self.options["probe"]]
        volumes = pool.submit(self.volumes) if self.options.get("volumes") else None

        for name, future in logs.items():
            self.named(name)["log"] = future.result()
        execs = [name for name, future in inside.items() if isinstance(future.result(), str)]
        for name, result in self.from_inside(pool, inside, execs).items():
            self.named(name)["listening"] = result
        if stats:
            self.stats(stats.result())
        return {
            "docker": self.daemon(version.result(), info.result()),
            "networks": networks.result(),
            "proxy": self.proxy(listed.fine),
            "probes": [probe.result() for probe in probes],
            "volumes": volumes.result() if volumes else None,
        }

    def pairs(self) -> t.Iterable[tuple[dict[str, t.Any], dict[str, t.Any]]]:
        return zip(self.inspected, self.containers)

    def running(self) -> t.Iterator[tuple[dict[str, t.Any], dict[str, t.Any]]]:
        return ((raw, item) for raw, item in self.pairs() if item["state"] in ("running", "paused"))

    def has_network(self, item: t.Mapping[str, t.Any]) -> bool:
        """Whether it runs in a network namespace of its own, or of another container; the host's is looked at as a whole."""
        return item["state"] == "running" and item["network_mode"] != "host"

    def named(self, name: str) -> dict[str, t.Any]:
        return next(item for item in self.containers if item["name"] == name)

    # Docker

    def daemon(self, version: commands.Answer, info: commands.Answer) -> dict[str, t.Any]:
        error = None if version.fine and info.fine else mask((info if version.fine else version).why)
        if error:
            self.miss("docker", error)
        return docker.daemon(version.out, info.out, error)

    def inspect(self, listed: str) -> None:
        """Fill ``inspected`` and ``containers``; when there are too many, those that run and those that were asked for come first."""
        rows = [line.split("\t") for line in listed.splitlines() if line.count("\t") == 2]

        def rank(row: list[str]) -> tuple[bool, bool]:
            identity, status, name = row
            asked = any(word in name or identity.startswith(word) for word in self.options["containers"])
            return not (asked or name == self.options["proxy_container"]), status.startswith(("Exited", "Created", "Dead"))

        rows.sort(key=rank)
        if len(rows) > MOST_CONTAINERS:
            self.miss("containers", f"there are {len(rows)}, {MOST_CONTAINERS} of them were looked at")
            rows = rows[:MOST_CONTAINERS]
        if not rows:
            return
        answer = self.docker("inspect", "--type", "container", *(row[0] for row in rows), share=0.6)
        self.inspected = sorted(docker.records(answer.out), key=lambda raw: str(raw.get("Name")))
        if not self.inspected:
            self.miss("containers", answer.why)
        for raw in self.inspected:
            secrets = docker.secrets_of(raw)
            item = docker.container(raw, secrets)
            self.secrets[item["name"]] = secrets
            self.containers.append(item)
        for word in self.options["containers"]:
            if not any(docker.is_meant(item, word) for item in self.containers):
                self.miss(f"containers: {word}", "no container has this name, uuid or id")

    def logs_wanted(self) -> list[dict[str, t.Any]]:
        """Containers that were asked for, and those in trouble, the most telling first."""
        asked = [item for item in self.containers if any(docker.is_meant(item, word) for word in self.options["containers"])]
        proxy = [item for item in self.containers if item["name"] == self.options["proxy_container"]]
        troubled = [
            item
            for item in self.containers
            if item not in asked
            and item not in proxy
            and (item["state"] != "running" or item["health"] == "unhealthy" or item["restart_count"])
        ]
        troubled.sort(key=lambda item: item["finished_at"] or "", reverse=True)
        troubled.sort(key=lambda item: (item["state"] not in ("running", "restarting", "dead"), not item["exit_code"]))
        if len(troubled) > MOST_LOGS:
            self.miss(
                f"logs of {', '.join(item['name'] for item in troubled[MOST_LOGS:])}"[:300], f"logs of {MOST_LOGS} containers were read"
            )
        return [*asked, *(item for item in proxy if item not in asked), *troubled[:MOST_LOGS]] if self.options["log_lines"] else []

    def log(self, name: str) -> list[str]:
        answer = self.docker("logs", "--tail", str(self.options["log_lines"]), name, share=0.8, together=True)
        if not answer.fine:
            self.miss(f"log of {name}", answer.err or (answer.out.strip().splitlines() or [answer.why])[-1])
            return []
        if not self.deadline.left():
            self.miss(f"log of {name}", "there was no time left")
            return []
        return lines(answer.out, self.options["log_lines"], self.secrets[name])

    def stats(self, answer: commands.Answer) -> None:
        used = docker.usage(answer.out)
        for raw, item in self.running():
            if raw["Id"] not in self.used:
                item["usage"] = used.get(item["id"])
        if not answer.fine:
            self.miss("usage of containers", answer.why)

    def cgroup(self, raw: t.Mapping[str, t.Any]) -> tuple[str, str]:
        """(process id, /proc/PID/cgroup) of a running container. Raises OSError where its process cannot be seen."""
        pid = str(raw["State"]["Pid"])
        text = "" if self.remote else self.read(pid, "cgroup")
        # With a remote or rootless Docker the number can be another process's
        if proc.container_of(text) != raw["Id"]:
            raise OSError(errno.ESRCH, "its process is not visible here")
        return pid, text

    def using(self, raw: t.Mapping[str, t.Any]) -> Used | None:
        try:
            group = proc.group(self.cgroup(raw)[1])
            memory, stat, cpu = ((self.root / "sys/fs/cgroup" / path).read_text() for path in (group.memory, group.memory_stat, group.cpu))
            used = proc.figure(memory, None) - proc.figure(stat, group.cache_key)
            return Used(time.monotonic(), max(0, used), proc.figure(cpu, group.cpu_key) * group.cpu_unit)
        except (OSError, ValueError, KeyError):
            return None

    def usage(self) -> None:
        """Compare with what the control groups said at the beginning."""
        for raw, item in self.running():
            before, after = self.used.get(raw["Id"]), self.using(raw) if raw["Id"] in self.used else None
            if before and after:
                seconds = after.at - before.at
                percent = round((after.cpu - before.cpu) / seconds * 100, 1) if self.options["sample_seconds"] and seconds > 0 else None
                item["usage"] = {"memory_mb": round(after.memory / 1024**2, 1), "cpu_percent": percent}

    def networks(self) -> list[dict[str, t.Any]]:
        listed = self.docker("network", "ls", "--quiet", "--no-trunc", share=0.5)
        ids = listed.out.split()
        if len(ids) > MOST_NETWORKS:
            self.miss("networks", f"there are {len(ids)}, {MOST_NETWORKS} of them were looked at")
        answer = self.docker("network", "inspect", *ids[:MOST_NETWORKS], share=0.6) if ids else listed
        found = docker.networks(answer.out) if ids else []
        if not found and not answer.fine:
            self.miss("networks", answer.why)
        return found

    def volumes(self) -> list[dict[str, t.Any]] | None:
        """The sizes of the volumes, for which Docker reads all of them."""
        answer = self.docker("system", "df", "--verbose", "--format", "{{json .Volumes}}", share=0.9)
        if not answer.fine:
            self.miss("volumes", answer.why)
            return None
        return docker.volumes(answer.out)

    def proxy(self, known: bool) -> dict[str, t.Any]:
        name = self.options["proxy_container"]
        raw = next((raw for raw, item in self.pairs() if item["name"] == name), None)
        if raw is None:
            self.miss("proxy", f"there is no container {name}" if known else "the containers could not be read")
            return {}
        found = docker.proxy(raw, self.secrets[name])
        found["log"] = self.named(name)["log"]
        found["certificates"] = self.certificates(found["type"])
        return found

    def certificates(self, kind: str | None) -> list[dict[str, t.Any]] | None:
        if kind not in ("traefik", None):
            self.miss("proxy.certificates", f"{kind} keeps them elsewhere")
            return None
        try:
            with open(self.options["acme_path"], encoding="utf-8") as store:
                return certificates.certificates(store.read(STORE_BYTES))
        except OSError as error:
            self.miss("proxy.certificates", f"{self.options['acme_path']}: {error.strerror}")
        except (ValueError, AttributeError, TypeError):
            self.miss("proxy.certificates", f"{self.options['acme_path']} is not Traefik's ACME store")
        return None

    # Sockets

    def inside(self, raw: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]] | str:
        """The TCP sockets that listen in a container's network namespace, or why /proc does not show them."""
        try:
            pid = self.cgroup(raw)[0]
            text = self.read(pid, "net", "tcp") + self.optional(pid, "net", "tcp6")
        except OSError as error:
            return str(error.strerror)
        return shown(text)

    def optional(self, *path: str) -> str:
        """A file of /proc that a kernel without IPv6 lacks."""
        try:
            return self.read(*path)
        except OSError:
            return ""

    def from_inside(
        self, pool: ThreadPoolExecutor, inside: t.Mapping[str, Future[t.Any]], execs: t.Sequence[str]
    ) -> dict[str, list[dict[str, t.Any]] | None]:
        """What ``inside`` found; where it could not, the container is asked to read its own /proc."""
        asked = {
            name: pool.submit(self.docker, "exec", name, "cat", "/proc/net/tcp", "/proc/net/tcp6", share=0.6, at_most=5)
            for name in execs[:MOST_EXECS]
        }
        found: dict[str, list[dict[str, t.Any]] | None] = {}
        for name, future in inside.items():
            found[name] = None if name in execs else future.result()
            if name in asked:
                answer = asked[name].result()
                # cat fails where there is no IPv6, after it printed the rest
                found[name] = shown(answer.out) if "local_address" in answer.out else None
            if found[name] is None:
                why = asked[name].result().why if name in asked else f"{MOST_EXECS} other containers were asked"
                self.miss(f"listening of {name}", f"{inside[name].result()}; docker exec: {why}")
        return found

    def listening(self) -> list[dict[str, t.Any]] | None:
        """The host's own sockets with owner and container. Ports that Docker forwards without any process listening are added."""
        found: list[proc.Socket] = []
        try:
            for protocol in ("tcp", "udp"):
                text = self.read("net", protocol) + self.optional("net", f"{protocol}6")
                found += proc.sockets(text, protocol)
        except OSError as error:
            self.miss("listening", f"/proc/net: {error.strerror}")
            return None
        owners = self.owners({item.inode for item in found})
        if found and len(owners) < len(found):
            self.miss("listening.process", "not every process can be seen" + ("" if os.geteuid() == 0 else "; use become"))
        by_id = {str(raw.get("Id")): item["name"] for raw, item in self.pairs()}
        result = []
        for item in found:
            pid = owners.get(item.inode)
            process = self.optional(pid, "comm").strip() or None if pid else None
            owner = by_id.get(proc.container_of(self.optional(pid, "cgroup")) or "") if pid else None
            container = owner or self.publisher(item, process)
            result.append(
                {"address": item.address, "port": item.port, "protocol": item.protocol, "process": process, "container": container}
            )
        self.host_networked(result, known=not self.remote and (os.geteuid() == 0 or len(owners) == len(found)))
        result += self.forwarded(result)
        if len(result) > MOST_SOCKETS:
            self.miss("listening", f"there are {len(result)} sockets, {MOST_SOCKETS} of them are listed")
        return result[:MOST_SOCKETS]

    def owners(self, inodes: set[str]) -> dict[str, str]:
        """inode -> process id, the lowest where several share a socket. Bounded by the deadline."""
        found: dict[str, str] = {}
        numbers = sorted((name for name in os.listdir(self.root / "proc") if name.isdigit()), key=int)
        for pid in numbers:
            if len(found) == len(inodes) or not self.deadline.left():
                break
            folder = self.root / "proc" / pid / "fd"
            try:
                names = os.listdir(folder)
            except OSError:
                continue
            for name in names:
                try:
                    target = os.readlink(folder / name)
                except OSError:
                    continue
                if target.startswith("socket:[") and target[8:-1] in inodes:
                    found.setdefault(target[8:-1], pid)
        return found

    def publisher(self, item: proc.Socket, process: str | None) -> str | None:
        """The running container that publishes this port."""
        return next(
            (
                container["name"]
                for container in self.containers
                if container["state"] == "running" and not self.remote
                for port in container["published"]
                if (port["port"], port["protocol"]) == (item.port, item.protocol)
                and (port["address"] == item.address or process in FORWARDERS)
            ),
            None,
        )

    def forwarded(self, seen: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
        """Published ports that no process listens on: without docker-proxy the kernel alone forwards them, and they are taken all the same."""
        known = {(item["container"], item["port"], item["protocol"]) for item in seen}
        return [
            {
                "address": port["address"],
                "port": port["port"],
                "protocol": port["protocol"],
                "process": None,
                "container": container["name"],
            }
            for container in self.containers
            if container["state"] == "running" and not self.remote
            for port in container["published"]
            if (container["name"], port["port"], port["protocol"]) not in known
        ]

    def host_networked(self, listening: t.Sequence[t.Mapping[str, t.Any]], known: bool) -> None:
        """Containers in the host's network listen where the host does; their own sockets are those that their processes own."""
        for item in self.containers:
            if item["network_mode"] == "host" and item["state"] == "running":
                own = [row for row in listening if row["container"] == item["name"] and row["protocol"] == "tcp"]
                item["listening"] = [{key: row[key] for key in ("address", "port", "protocol")} for row in own] if known else None
                if not known:
                    self.miss(f"listening of {item['name']}", "it is in the host's network, and not every owner of a socket can be seen")

    # Probes

    def probe(self, wanted: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Ask a container over HTTP from the proxy's place in the network."""
        result = {
            "container": wanted["container"],
            "address": None,
            "port": wanted.get("port"),
            "path": wanted.get("path"),
            "from": "proxy",
        }
        result.update(status=None, seconds=None, error=None, output="")
        if not self.containers:
            return {**result, "error": "the containers could not be read"}
        target = next((item for item in self.containers if docker.is_meant(item, wanted["container"]) and item["state"] == "running"), None)
        proxy = next((item for item in self.containers if item["name"] == self.options["proxy_container"]), None)
        if target is None or proxy is None or proxy["state"] != "running":
            who = f"container {wanted['container']}" if target is None else self.options["proxy_container"]
            return {**result, "error": f"there is no running {who}"}
        result["container"] = target["name"]
        result["address"] = reachable(target, proxy)
        if result["address"] is None:
            return {**result, "error": "the container has no address"}
        checked = health_address(target) if target["health"] == "unhealthy" and not (result["port"] or result["path"]) else None
        result["port"], result["path"] = checked or (result["port"] or meant_port(target), result["path"] or "/")
        if result["port"] is None:
            return {**result, "error": "neither the proxy's labels nor the image name a port"}
        host = f"[{result['address']}]" if ":" in result["address"] else result["address"]
        # -t 1 because GNU's wget tries twenty times; BusyBox ignores it
        seconds = max(1, min(PROBE_SECONDS, int(self.deadline.left(0.5))))
        ask = ["wget", "-S", "-O", "-", "-T", str(seconds), "-t", "1", f"http://{host}:{result['port']}{result['path']}"]
        started = time.monotonic()
        answer = self.docker("exec", proxy["name"], *ask, at_most=seconds + 2)
        result["seconds"] = round(time.monotonic() - started, 2)
        return {**result, **docker.probed(answer.code, answer.out, answer.err, self.secrets[target["name"]])}

    # The machine

    def sample(self) -> Sample | None:
        try:
            used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
            own = sum(usage.ru_utime + usage.ru_stime for usage in used) * CLK_TCK
            return Sample(time.monotonic(), proc.cpu_ticks(self.read("stat")), own, proc.network_bytes(self.read("net", "dev")))
        except (OSError, ValueError, IndexError):
            return None

    def figures(self, root_dir: str | None, before: Sample | None) -> dict[str, t.Any]:
        metrics = dict.fromkeys(proc.HOST_METRICS)
        found: dict[str, t.Any] = {"metrics": metrics, "load": [], "cpus": os.cpu_count(), "swap_mb": None, "swap_used_mb": None}
        try:
            memory = proc.memory(self.read("meminfo"))
            metrics.update({f"memory_{name}": memory[name] for name in ("limit_mb", "usage_mb", "usage_percent")})
            found.update(swap_mb=memory["swap_mb"], swap_used_mb=memory["swap_used_mb"])
            metrics["uptime_seconds"] = int(float(self.read("uptime").split()[0]))
            found["load"] = [float(figure) for figure in self.read("loadavg").split()[:3]]
        except (OSError, KeyError, ValueError) as error:
            self.miss("metrics", f"/proc: {error}")
        found["disks"] = self.disks(["/", root_dir] if root_dir and not self.remote else ["/"])
        if found["disks"]:
            # Docker's data root comes last, also where it is on the same file system
            metrics.update(disk_usage_percent=found["disks"][-1]["used_percent"], disk_usage_mb=found["disks"][-1]["used_mb"])
        metrics.update(self.rates(before))
        return found

    def rates(self, before: Sample | None) -> dict[str, float | None]:
        """CPU and network since ``before``, over ``sample_seconds`` at least."""
        if not self.options["sample_seconds"]:
            self.miss("metrics.cpu_usage_percent, network_in_mbps, network_out_mbps", "sample_seconds is 0")
            return {}
        if before:
            time.sleep(max(0.0, min(before.at + self.options["sample_seconds"] - time.monotonic(), self.deadline.left())))
        after = self.sample()
        if not before or not after:
            self.miss("metrics.cpu_usage_percent, network_in_mbps, network_out_mbps", "/proc could not be read")
            return {}
        seconds = after.at - before.at
        return {
            "cpu_usage_percent": proc.cpu_percent(before.ticks, after.ticks, after.own - before.own),
            "network_in_mbps": proc.mbps(before.network[0], after.network[0], seconds),
            "network_out_mbps": proc.mbps(before.network[1], after.network[1], seconds),
        }

    def disks(self, paths: t.Sequence[str]) -> list[dict[str, t.Any]]:
        """Each file system once, named by the first path on it."""
        found: dict[int, dict[str, t.Any]] = {}
        for path in paths:
            try:
                device, size = os.stat(path).st_dev, os.statvfs(path)
            except OSError as error:
                self.miss(f"disks: {path}", str(error.strerror))
                continue
            used = size.f_blocks - size.f_bfree
            # As df counts: what is reserved for root is neither used nor free
            percent = round(used * 100 / ((used + size.f_bavail) or 1), 1)
            inodes = round((size.f_files - size.f_ffree) * 100 / size.f_files, 1) if size.f_files else None
            found.setdefault(
                device,
                {
                    "path": path,
                    "size_mb": size.f_blocks * size.f_frsize // 1024**2,
                    "used_mb": used * size.f_frsize // 1024**2,
                    "used_percent": percent,
                    "inodes_used_percent": inodes,
                },
            )
        return list(found.values())

    def logins(self) -> list[dict[str, t.Any]]:
        path = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
        try:
            return docker.logins(path.read_text())
        except FileNotFoundError:
            return []
        except (OSError, ValueError, AttributeError) as error:
            self.miss("logins", f"{path}: {getattr(error, 'strerror', None) or 'it is no configuration of Docker'}")
            return []

    def kernel_oom(self) -> list[str]:
        records = []
        try:
            booted = time.time() - float(self.read("uptime").split()[0])
            kernel = os.open(self.root / "dev" / "kmsg", os.O_RDONLY | os.O_NONBLOCK)
        except (OSError, ValueError) as error:
            self.miss("kernel_oom", f"/dev/kmsg: {getattr(error, 'strerror', error)}")
            return []
        try:
            while self.deadline.left():
                try:
                    record = os.read(kernel, 8192)
                except BlockingIOError:
                    break
                except BrokenPipeError:
                    # This record was overwritten meanwhile
                    continue
                if not record:
                    break
                records.append(record.decode("utf-8", "replace"))
        except OSError as error:
            self.miss("kernel_oom", f"/dev/kmsg: {error.strerror}")
        finally:
            os.close(kernel)
        return proc.oom_messages(records, booted)


def is_remote(docker_host: str) -> bool:
    """Whether Docker's processes and files are on another machine; one that only a context of the CLI names is taken for this one."""
    parts = urlsplit(docker_host)
    return parts.scheme not in ("", "unix", "fd", "npipe") and parts.hostname not in ("localhost", "127.0.0.1", "::1")


def shown(text: str) -> list[dict[str, t.Any]]:
    """The listening sockets of a container, of /proc/net/tcp, each with how many connections are open to its port."""
    used = proc.connections(text)
    return [
        {"address": item.address, "port": item.port, "protocol": item.protocol, "connections": used.get(item.port, 0)}
        for item in proc.sockets(text, "tcp")
    ]


def reachable(target: t.Mapping[str, t.Any], proxy: t.Mapping[str, t.Any]) -> str | None:
    """The address of a container in a network that the proxy is in too; else any, so that the probe shows what Traefik would meet."""
    shared = {network["name"] for network in proxy["networks"]}
    places = sorted(target["networks"], key=lambda network: network["name"] not in shared)
    if target["network_mode"] == "host":
        return next((network["gateway"] for network in proxy["networks"] if network["gateway"]), None)
    return next((network["ip"] or network["ipv6"] for network in places if network["ip"] or network["ipv6"]), None)


def health_address(container: t.Mapping[str, t.Any]) -> tuple[int, str] | None:
    """The port and the path that a health check over HTTP asks; Coolify's own says nothing about the answer that it gets."""
    asked = re.search(r"\bhttp://[\w.-]+(?::(\d+))?(/[^\s'\"]*)?", str(container["health_command"] or ""))
    return (int(asked[1] or 80), asked[2] or "/") if asked else None


def meant_port(container: t.Mapping[str, t.Any]) -> int | None:
    """Where the proxy sends requests: what Traefik's labels say, else the lowest TCP port that the image exposes, as Traefik does it."""
    for name, value in sorted(container["labels"].items()):
        if name.lower().startswith("traefik.http.services.") and name.lower().endswith(".loadbalancer.server.port") and value.isdigit():
            return int(value)
    exposed = [int(item.split("/")[0]) for item in container["exposed"] if item.endswith("/tcp")]
    return min(exposed, default=None)


def fit(found: dict[str, t.Any], most: int = MOST_BYTES) -> None:
    """Make the result smaller than ``most`` bytes of JSON, the least telling first, and say in ``missing`` what was left out."""
    cut: list[str] = []
    stopped = [item for item in found["containers"] if item["state"] != "running"]
    steps: list[tuple[str, list[dict[str, t.Any]], str, t.Any]] = [
        ("half of the lines of every log", found["containers"], "log", lambda log: log[-(len(log) // 2) :] if len(log) > 1 else log),
        ("labels of containers that do not run", stopped, "labels", lambda labels: {}),
        ("all but the last five lines of every log", found["containers"], "log", lambda log: log[-5:]),
        ("mounts and health logs", found["containers"], "mounts", lambda mounts: []),
        ("mounts and health logs", found["containers"], "health_log", lambda entries: []),
        ("labels", found["containers"], "labels", lambda labels: {}),
        ("logs", found["containers"], "log", lambda log: []),
    ]
    for what, items, key, smaller in steps:
        if len(json.dumps(found)) < most:
            break
        for item in items:
            item[key] = smaller(item[key])
        cut.append(what)
    while len(json.dumps(found)) >= most and found["containers"]:
        del found["containers"][-max(1, len(found["containers"]) // 10) :]
        cut.append("containers")
    if cut:
        found["missing"].append({"what": ", ".join(dict.fromkeys(cut)), "why": f"the result would be larger than {most} bytes"})
