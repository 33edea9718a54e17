# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Docker CLI says, as pure functions of its texts, in the shapes of ``host_evidence``. No environment variable gets through."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from datetime import datetime, timezone

from .masking import clip, lines, mask, secret_values, shown_labels

NEVER = "0001-01-01T00:00:00Z"
HEALTH_CHECKS = 3
HEALTH_OUTPUT = 300
PROBE_OUTPUT = 300
READ = 20_000
"""Characters of a page that are looked at."""
NO_DOCKER: dict[str, t.Any] = dict.fromkeys(
    ("version", "api_version", "min_api_version", "root_dir", "storage_driver", "live_restore", "error")
)
LABELS_OF_COOLIFY = {
    # key -> label; the names in these labels are slugs (bootstrap/helpers/docker.php, defaultLabels)
    "name": "coolify.resourceName",
    "service": "coolify.serviceName",
    "project": "coolify.projectName",
    "environment": "coolify.environmentName",
    "deployment": "coolify.deploymentId",
    "sub_type": "coolify.service.subType",
    "database_type": "coolify.database.subType",
}
KINDS = ("application", "database", "service")
UUID = re.compile(r"[a-z0-9]{20,36}|[a-z0-9]{7}")
UNITS = {"B": 1, "KB": 1000, "KIB": 1024, "MB": 1000**2, "MIB": 1024**2, "GB": 1000**3, "GIB": 1024**3, "TB": 1000**4, "TIB": 1024**4}
PROXIES = ("traefik", "caddy", "nginx")


def daemon(version: str, info: str, error: str | None = None) -> dict[str, t.Any]:
    """``docker`` of ``host_evidence``, of ``docker version`` and ``docker info`` as JSON; either may be empty."""
    server, about = _json(version).get("Server") or {}, _json(info)
    # A client without its server prints an info full of zeros
    known = about if about.get("ID") else {}
    return {
        **NO_DOCKER,
        "version": server.get("Version") or known.get("ServerVersion"),
        "api_version": server.get("ApiVersion"),
        "min_api_version": server.get("MinAPIVersion"),
        "root_dir": known.get("DockerRootDir"),
        "storage_driver": known.get("Driver"),
        "live_restore": known.get("LiveRestoreEnabled"),
        "error": error,
    }


def _json(text: str) -> dict[str, t.Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def records(text: str) -> list[dict[str, t.Any]]:
    """The objects of an answer of ``docker inspect``: it prints those that it found, whatever else went wrong."""
    try:
        content = json.loads(text) if text.strip() else []
    except ValueError:
        return []
    return [item for item in content if isinstance(item, dict)]


def secrets_of(inspected: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    """What has to be blanked in whatever this container says."""
    config = inspected.get("Config") or {}
    command = [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]
    test = (config.get("Healthcheck") or {}).get("Test") or []
    return secret_values(config.get("Env") or [], [*command, *test])


def container(inspected: t.Mapping[str, t.Any], secrets: t.Sequence[str] = ()) -> dict[str, t.Any]:
    """One of ``containers``, without ``listening``, ``usage`` and ``log``, which inspecting does not tell."""
    state, config, host = inspected.get("State") or {}, inspected.get("Config") or {}, inspected.get("HostConfig") or {}
    labels = config.get("Labels") or {}
    name = str(inspected.get("Name", "")).lstrip("/")
    status = state.get("Status") or ("running" if state.get("Running") else "exited")
    restart = host.get("RestartPolicy") or {}
    test = (config.get("Healthcheck") or {}).get("Test") or []
    health = state.get("Health") or {}
    code = state.get("ExitCode")
    return {
        "id": str(inspected.get("Id", ""))[:12],
        "name": name,
        "image": config.get("Image"),
        "image_id": inspected.get("Image"),
        "created_at": moment(inspected.get("Created")),
        "state": status,
        # Docker says 0 for what has not ended yet
        "exit_code": None if status in ("running", "paused") or (status == "created" and not code) else code,
        "oom_killed": bool(state.get("OOMKilled")),
        "error": clip(mask(state["Error"], secrets)) if state.get("Error") else None,
        "restart_count": inspected.get("RestartCount", 0),
        "started_at": moment(state.get("StartedAt")),
        "finished_at": moment(state.get("FinishedAt")),
        "health": health.get("Status") if health.get("Status") not in ("none", "", None) else None,
        "health_command": _health_command(test, secrets),
        "health_log": [
            {
                "at": moment(entry.get("End")),
                "exit_code": entry.get("ExitCode"),
                # The end tells the reason; curl begins with a table of its progress
                "output": mask(entry.get("Output") or "", secrets).strip()[-HEALTH_OUTPUT:],
            }
            for entry in (health.get("Log") or [])[-HEALTH_CHECKS:]
        ],
        "restart_policy": (restart.get("Name") or "no") + (f":{restart['MaximumRetryCount']}" if restart.get("MaximumRetryCount") else ""),
        "network_mode": host.get("NetworkMode"),
        "networks": _attached(inspected),
        "exposed": sorted(config.get("ExposedPorts") or {}, key=_port_key),
        "published": _published(inspected, status),
        "listening": None,
        "labels": shown_labels(labels, secrets),
        "limits": {
            "memory_mb": round(host["Memory"] / 1024**2) if host.get("Memory") else None,
            "cpus": _cpus(host),
        },
        "usage": None,
        "mounts": [
            {
                "type": mount.get("Type"),
                "source": mount.get("Name") if mount.get("Type") == "volume" else mount.get("Source"),
                "target": mount.get("Destination"),
                "read_only": not mount.get("RW"),
            }
            for mount in inspected.get("Mounts") or []
        ],
        "log": [],
        "coolify": coolify(labels, name),
    }


def moment(text: t.Any) -> str | None:
    """Docker's times without fractions, in UTC: the daemon writes health checks in its own zone."""
    match = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$", str(text or ""))
    if not match or match[1].startswith("0001-"):
        return None
    offset = match[2].replace("Z", "+00:00")
    return datetime.fromisoformat(match[1] + offset).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _health_command(test: t.Sequence[str], secrets: t.Sequence[str]) -> str | None:
    if not test or test[0] == "NONE":
        return None
    words = test[1:] if test[0] in ("CMD", "CMD-SHELL") else test
    return clip(mask(" ".join(words), secrets)) or None


def _attached(inspected: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    short = str(inspected.get("Id", ""))[:12]
    return [
        {
            "name": name,
            "ip": network.get("IPAddress") or None,
            "ipv6": network.get("GlobalIPv6Address") or None,
            "gateway": network.get("Gateway") or None,
            # Since Docker 25 DNSNames has all of them, and Aliases only what was asked for
            "aliases": [
                alias for alias in dict.fromkeys([*(network.get("Aliases") or []), *(network.get("DNSNames") or [])]) if alias != short
            ],
        }
        for name, network in sorted(((inspected.get("NetworkSettings") or {}).get("Networks") or {}).items())
    ]


def _port_key(port: str) -> tuple[int, str]:
    number, _slash, protocol = port.partition("/")
    return int(number), protocol


def _published(inspected: t.Mapping[str, t.Any], status: str) -> list[dict[str, t.Any]]:
    """What is published; of a container that does not run, what it would publish (``port`` None: any)."""
    ports = (inspected.get("NetworkSettings") or {}).get("Ports") or {}
    if status not in ("running", "paused", "restarting") or not any(ports.values()):
        ports = (inspected.get("HostConfig") or {}).get("PortBindings") or {}
    return [
        {
            "address": binding.get("HostIp") or "0.0.0.0",
            "port": int(binding["HostPort"]) if str(binding.get("HostPort", "")).isdigit() else None,
            "container_port": int(port.split("/")[0]),
            "protocol": port.split("/")[1],
        }
        for port in sorted(ports, key=_port_key)
        for binding in ports[port] or []
    ]


def _cpus(host: t.Mapping[str, t.Any]) -> float | None:
    if host.get("NanoCpus"):
        return round(host["NanoCpus"] / 1e9, 2)
    return round(host["CpuQuota"] / (host.get("CpuPeriod") or 100000), 2) if (host.get("CpuQuota") or 0) > 0 else None


def coolify(labels: t.Mapping[str, str], name: str) -> dict[str, t.Any]:
    """What Coolify's labels say about a container; ``type`` is None for what is not Coolify's."""
    of_old = next((kind for kind in KINDS if f"coolify.{kind}Id" in labels), None)
    kind = "proxy" if labels.get("coolify.proxy") == "true" else labels.get("coolify.type") or of_old
    found: dict[str, t.Any] = {"type": kind}
    for key, label in (("id", f"coolify.{kind}Id"), ("pull_request_id", "coolify.pullRequestId")):
        if str(labels.get(label, "")).isdigit():
            found[key] = int(labels[label])
    found.update({key: labels[label] for key, label in LABELS_OF_COOLIFY.items() if labels.get(label)})
    # A container of a Compose file has its own name in coolify.name; Coolify's Compose projects are named by the uuid
    candidates = (labels.get("coolify.name"), labels.get("com.docker.compose.project"), name, name.split("-")[0])
    uuid = next((text for text in candidates if text and UUID.fullmatch(text)), None)
    if uuid and kind in KINDS:
        found["uuid"] = uuid
    return found


def is_meant(item: t.Mapping[str, t.Any], word: str) -> bool:
    """Whether a word is this container's name, the beginning of its id, or the name, uuid or id that Coolify knows."""
    known = item["coolify"]
    names = [item["name"], item["labels"].get("coolify.name"), *(known.get(key) for key in ("name", "uuid", "id", "service"))]
    return word in map(str, names) or (len(word) >= 6 and item["id"].startswith(word[:12]))


def usage(text: str) -> dict[str, dict[str, t.Any]]:
    """``{short id: {memory_mb, cpu_percent}}`` of ``docker stats`` with one JSON object a line."""
    found = {}
    for line in text.splitlines():
        item = _json(line)
        memory = _bytes(str(item.get("MemUsage", "")).partition("/")[0])
        percent = re.fullmatch(r"([\d.]+)%", str(item.get("CPUPerc", "")))
        # A container that ended meanwhile has dashes
        if item.get("ID") and memory is not None and percent:
            found[item["ID"][:12]] = {"memory_mb": round(memory / 1024**2, 1), "cpu_percent": float(percent[1])}
    return found


def _bytes(text: str) -> float | None:
    match = re.fullmatch(r"\s*([\d.]+)\s*([A-Za-z]+)\s*", text)
    return float(match[1]) * UNITS[match[2].upper()] if match and match[2].upper() in UNITS else None


def volumes(text: str) -> list[dict[str, t.Any]]:
    """``volumes`` of ``host_evidence``, of ``docker system df``; what Docker does not measure has no size."""
    try:
        rows = json.loads(text)
    except ValueError:
        return []
    found = [(row.get("Name"), row.get("Driver"), _bytes(str(row.get("Size") or ""))) for row in rows or () if isinstance(row, dict)]
    return [
        {"name": name, "driver": driver, "used_mb": None if size is None else round(size / 1024**2, 1)}
        for name, driver, size in sorted(found, key=lambda row: str(row[0]))
    ]


def networks(text: str) -> list[dict[str, t.Any]]:
    """``networks`` of ``host_evidence``, of ``docker network inspect``."""
    found = [
        {
            "name": network.get("Name"),
            "driver": network.get("Driver"),
            "scope": network.get("Scope"),
            "internal": bool(network.get("Internal")),
            "subnets": [config["Subnet"] for config in (network.get("IPAM") or {}).get("Config") or [] if config.get("Subnet")],
            "containers": sorted(str(item.get("Name")) for item in (network.get("Containers") or {}).values()),
        }
        for network in records(text)
    ]
    return sorted(found, key=lambda network: str(network["name"]))


def proxy(inspected: t.Mapping[str, t.Any], secrets: t.Sequence[str] = ()) -> dict[str, t.Any]:
    """``proxy`` of ``host_evidence``, without its log and certificates."""
    item = container(inspected, secrets)
    config = inspected.get("Config") or {}
    image = str(config.get("Image") or "")
    args = [str(word) for word in [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]]
    told = " ".join([image, *args[:2]]).lower()
    tag = image.rpartition(":")[2] if ":" in image.rpartition("/")[2] else None
    return {
        "container": item["name"],
        "type": next((kind for kind in PROXIES if kind in told), None),
        "image": item["image"],
        "version": (config.get("Labels") or {}).get("org.opencontainers.image.version") or tag,
        "state": item["state"],
        "health": item["health"],
        "networks": [network["name"] for network in item["networks"]],
        "args": [clip(mask(word, secrets)) for word in args],
        "entrypoints": {
            match[1].lower(): match[2]
            for match in (re.fullmatch(r"--entrypoints\.(\w[\w-]*)\.address=(\S+)", word, re.IGNORECASE) for word in args)
            if match
        },
        "log": [],
        "certificates": None,
    }


def logins(config: str) -> list[dict[str, t.Any]]:
    """``[{registry, user}]`` of a Docker client's config.json, with ``helper`` where a program keeps them. Raises ValueError."""
    content = json.loads(config)
    store, helpers = content.get("credsStore"), content.get("credHelpers") or {}
    found = {}
    for registry, entry in (content.get("auths") or {}).items():
        found[registry] = {"registry": registry, "user": _user(entry or {})}
        helper = helpers.get(registry) or store
        if helper:
            found[registry]["helper"] = helper
    for registry, helper in helpers.items():
        found.setdefault(registry, {"registry": registry, "user": None, "helper": helper})
    return [found[registry] for registry in sorted(found)]


def _user(entry: t.Mapping[str, t.Any]) -> str | None:
    try:
        return base64.b64decode(entry.get("auth") or "", validate=True).decode().partition(":")[0] or entry.get("username")
    except ValueError:
        return None


def probed(code: int | None, out: str, err: str, secrets: t.Sequence[str] = ()) -> dict[str, t.Any]:
    """``status``, ``error`` and ``output`` of a probe, of what GNU's or BusyBox' ``wget -S`` said.

    ``status`` is that of the first answer: wget follows redirects, and where they lead is another question.
    """
    if code in (125, 126, 127):
        # Docker itself could not start it; its word about that is in either output
        return {"status": None, "error": clip(mask(err.strip() or out.strip(), secrets), PROBE_OUTPUT), "output": ""}
    answered = re.search(r"^\s*HTTP/[\d.]+ (\d{3})|server returned error: HTTP/[\d.]+ (\d{3})", err, re.MULTILINE)
    status = int(answered[1] or answered[2]) if answered else None
    error = None
    if code != 0 and (status is None or 200 <= status < 300):
        error = clip(mask(_complaint(err) or f"wget ended with the code {code}", secrets), PROBE_OUTPUT)
    return {"status": status, "error": error, "output": "\n".join(lines(out[:READ], 20, secrets))[:PROBE_OUTPUT]}


def _complaint(err: str) -> str | None:
    words = re.compile(
        r"refused|timed out|no answer|unreachable|no route|reset|bad address|unable|not found|no such|cannot|can't|error", re.IGNORECASE
    )
    said = [line.strip() for line in err.splitlines() if words.search(line)]
    return re.sub(r"^wget: ", "", said[0]) if said else None
