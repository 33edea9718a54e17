#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_host_info
short_description: Gather evidence about a Docker host that Coolify manages
version_added: 0.1.0
description:
  - Looks at the machine, its Docker engine, its containers and its proxy, and returns C(host_evidence), which
    M(selfhosted.coolify.coolify_deploy) and M(selfhosted.coolify.coolify_app) take for their gates.
  - Runs on the Docker host itself, over SSH or locally, and needs nothing but Python and the Docker CLI there. It knows neither Coolify's API
    nor its token, and is not in the action group C(selfhosted.coolify.coolify).
  - Never fails because something is not there. Without Docker, without permission, or with a daemon that does not answer, the result is what
    could be found out, and RV(host_evidence.missing) names the rest.
  - Never changes anything.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes.host
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details:
      - It changes nothing.
  idempotent:
    support: full
  platform:
    support: full
    platforms: linux
requirements:
  - "Linux with Python 3.8 or later"
  - "The Docker CLI; without it the result is about the machine only"
options:
  sample_seconds:
    description:
      - For how many seconds at least CPU and network are watched, from V(0) to V(10). With V(0) their figures are V(null).
      - Docker is asked meanwhile. What this module and its commands use themselves is not counted.
    type: float
    default: 1
  log_lines:
    description:
      - How many of the last lines of a log are returned, from V(0) to V(500).
      - Logs are read of the proxy, of containers that do not run, restart all the time or are unhealthy, and of O(containers).
    type: int
    default: 50
  containers:
    description:
      - Containers whose logs are wanted although nothing seems wrong with them. Each is a container's name or id, or the name, uuid or id that
        Coolify has for the resource.
    type: list
    elements: str
    default: []
  probe:
    description:
      - Containers that are asked over HTTP from the proxy's place in the network, with C(wget) in the proxy's container. At most 20.
      - The request is a GET. Leave it out where even that is too much.
    type: list
    elements: dict
    default: []
    suboptions:
      container:
        description: As in O(containers).
        type: str
        required: true
      port:
        description:
          - The port that the application listens on inside of its container.
          - If it is not given, the port that the proxy's labels name, else the lowest one that the image exposes.
        type: int
      path:
        description:
          - The path of the request.
          - If neither it nor O(probe[].port) is given and the container is unhealthy, what its own health check asks for. Otherwise V(/).
        type: str
  volumes:
    description:
      - Whether the sizes of Docker's volumes are measured. Docker reads all of them for that, which can take longer than O(timeout).
    type: bool
    default: false
    version_added: 0.2.0
  docker_host:
    description:
      - Address of the Docker daemon, as C(docker -H) takes it. If it is not given, the CLI decides, by E(DOCKER_HOST) and its contexts.
    type: str
  timeout:
    description:
      - Seconds that the whole may take, from V(2) to V(300). A call of Docker that hangs is stopped in time, and named in
        RV(host_evidence.missing).
    type: float
    default: 20
  proxy_container:
    description:
      - Name of the proxy's container.
    type: str
    default: coolify-proxy
  acme_path:
    description:
      - File in which Traefik keeps its certificates. Names, expiry and issuer are read, never keys.
    type: path
    default: /data/coolify/proxy/acme.json
notes:
  - Environment variables of containers are never returned. Their values whose names look secret, and passwords in their URLs, are blanked in
    that container's log, labels, errors and health checks before these leave the host, if they have six characters or more. So is what looks like
    a password, token, key or hash by itself. An application can still log a secret in a way that nobody could recognize.
  - Use C(become) where the user may not talk to Docker. Without root, the owners of sockets, the certificates and the kernel's log stay
    unknown, which RV(host_evidence.missing) says.
  - Where C(/proc) does not show what listens in a container, and for O(probe), C(docker exec) is used; that starts a process in a container.
  - The result is smaller than 1 MB, with at most 200 containers and 500 characters in a line of a log.
seealso:
  - module: selfhosted.coolify.coolify_deploy
"""

EXAMPLES = r"""
---
- name: Look at the hosts
  hosts: coolify_servers
  gather_facts: false
  become: true
  tasks:
    - name: Gather evidence
      selfhosted.coolify.coolify_host_info:
      register: host

    - name: Show what could not be found out
      ansible.builtin.debug:
        var: host.host_evidence.missing

    - name: Gather the log of an application too, and ask it from the proxy's place
      selfhosted.coolify.coolify_host_info:
        containers:
          - m4k8w0s2c6g0o4w8k2s6c0gq
        log_lines: 100
        probe:
          - container: m4k8w0s2c6g0o4w8k2s6c0gq
            port: 8000
            path: /health
      register: host

- name: Deploy behind gates that know the host
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Deploy
      selfhosted.coolify.coolify_deploy:
        project: shop
        environment: production
        name: web
        host_evidence: "{{ hostvars['server-1'].host.host_evidence }}"
"""

RETURN = r"""
---
host_evidence:
  description:
    - What was found out. Every key is always there; what is not known is V(null) or empty, and named in RV(host_evidence.missing).
  returned: always
  type: dict
  contains:
    collected_at:
      description: When, in UTC.
      type: str
      sample: "2026-11-25T01:00:00Z"
    clock_utc:
      description: The host's clock at that moment, in seconds since 1970.
      type: float
    hostname:
      description: The host's name.
      type: str
    metrics:
      description: The host's figures.
      type: dict
      contains:
        cpu_usage_percent:
          description: Of all processors, without what the module itself used.
          type: float
        memory_usage_percent:
          description: What is not available to programs.
          type: float
        memory_usage_mb:
          description: The same in MB.
          type: int
        memory_limit_mb:
          description: The machine's memory.
          type: int
        disk_usage_percent:
          description: Of the file system of Docker's data root, or of C(/) where that is not known.
          type: float
        disk_usage_mb:
          description: The same in MB.
          type: int
        network_in_mbps:
          description: Megabits per second, at the interfaces to the outside.
          type: float
        network_out_mbps:
          description: Megabits per second, at the interfaces to the outside.
          type: float
        uptime_seconds:
          description: Since the machine started.
          type: int
    load:
      description: Load of the last 1, 5 and 15 minutes.
      type: list
      elements: float
    cpus:
      description: Number of processors.
      type: int
    swap_mb:
      description: Size of the swap.
      type: int
    swap_used_mb:
      description: How much of it is used.
      type: int
    disks:
      description: The file systems of C(/) and of Docker's data root, each once.
      type: list
      elements: dict
      contains:
        path:
          description: V(/), or Docker's data root.
          type: str
        size_mb:
          description: Its size.
          type: int
        used_mb:
          description: What is used.
          type: int
        used_percent:
          description: As C(df) counts.
          type: float
        inodes_used_percent:
          description: V(null) where the file system has no fixed number of them.
          type: float
    listening:
      description:
        - Sockets in the network of the host that take connections or datagrams, and ports that Docker forwards without one. V(null) when they
          could not be read.
      type: list
      elements: dict
      contains:
        address:
          description: Such as V(0.0.0.0), V(127.0.0.1) or V(::).
          type: str
        port:
          description: The port.
          type: int
        protocol:
          description: V(tcp) or V(udp).
          type: str
        process:
          description: Name of the program.
          type: str
        container:
          description: The container that publishes the port, or that owns the socket in the host's network.
          type: str
    docker:
      description: The engine; V(null) without a Docker CLI.
      type: dict
      contains:
        version:
          description: Of the engine.
          type: str
        api_version:
          description: The newest version of its API.
          type: str
        min_api_version:
          description: The oldest version of its API that clients may use.
          type: str
        root_dir:
          description: Its data root.
          type: str
        storage_driver:
          description: Such as V(overlay2).
          type: str
        live_restore:
          description: Whether containers survive a restart of the engine.
          type: bool
        error:
          description: Why the engine did not answer.
          type: str
    containers:
      description: All containers, by name.
      type: list
      elements: dict
      contains:
        id:
          description: Its first 12 characters.
          type: str
        name:
          description: Its name.
          type: str
        image:
          description: As it was asked for.
          type: str
        image_id:
          description: Digest of the image.
          type: str
        created_at:
          description: In UTC.
          type: str
        state:
          description: V(running), V(exited), V(restarting), V(created), V(paused) or V(dead).
          type: str
        exit_code:
          description: Of the last end; V(null) while it runs, and before it ran.
          type: int
        oom_killed:
          description: Whether the kernel killed it, or a process in it, for memory.
          type: bool
        error:
          description: Why Docker could not start it.
          type: str
        restart_count:
          description: How often Docker started it again.
          type: int
        started_at:
          description: In UTC; V(null) when it never ran.
          type: str
        finished_at:
          description: In UTC; V(null) when it never ended.
          type: str
        health:
          description: V(healthy), V(unhealthy), V(starting), or V(null) without a health check.
          type: str
        health_command:
          description: What the health check runs.
          type: str
        health_log:
          description: The last three health checks, each with C(at), C(exit_code) and C(output).
          type: list
          elements: dict
        restart_policy:
          description: Such as V(unless-stopped), or V(on-failure:5) with the number of attempts.
          type: str
        network_mode:
          description: Such as V(bridge) or V(host), or the name of a network.
          type: str
        networks:
          description: Each with C(name), C(ip), C(ipv6), C(gateway) and C(aliases), under which it is found there beside its own name.
          type: list
          elements: dict
        exposed:
          description: The ports that image or configuration expose, such as V(8000/tcp).
          type: list
          elements: str
        published:
          description:
            - Each with C(address), C(port), C(container_port) and C(protocol); of a container that does not run, what it would publish.
          type: list
          elements: dict
        listening:
          description:
            - TCP sockets that listen inside of its network, each with C(address), C(port) and C(protocol), without those of Docker's DNS,
              and in C(connections) how many connections are open to the port.
              In the host's network, those that its own processes own, without C(connections).
            - V(null) when it does not run, or they could not be read.
          type: list
          elements: dict
        labels:
          description: Labels of Coolify, Traefik, Caddy and Compose, without those with credentials.
          type: dict
        limits:
          description: C(memory_mb) and C(cpus), V(null) without a limit.
          type: dict
        usage:
          description: C(memory_mb) and C(cpu_percent), of one processor.
          type: dict
        mounts:
          description: Each with C(type), C(source) (the name of a volume), C(target) and C(read_only).
          type: list
          elements: dict
        log:
          description: The last lines.
          type: list
          elements: str
        coolify:
          description:
            - What Coolify's labels say. C(type) (V(application), V(database), V(service), V(proxy) or V(null)), and those of C(id), C(uuid), C(name),
              C(service), C(project), C(environment), C(pull_request_id), C(deployment), C(sub_type) and C(database_type) that are there.
            - The names are slugs, as Coolify writes them.
          type: dict
    volumes:
      description: Docker's volumes with C(name), C(driver) and C(used_mb); V(null) without O(volumes), or when they could not be measured.
      type: list
      elements: dict
    networks:
      description: Docker's networks, each with C(name), C(driver), C(scope), C(internal), C(subnets) and C(containers).
      type: list
      elements: dict
    proxy:
      description: The proxy; empty without its container.
      type: dict
      contains:
        container:
          description: Its name.
          type: str
        type:
          description: V(traefik), V(caddy), V(nginx) or V(null).
          type: str
        image:
          description: Its image.
          type: str
        version:
          description: Of the image's label, or its tag.
          type: str
        state:
          description: As of any container.
          type: str
        health:
          description: As of any container.
          type: str
        networks:
          description: Names of the networks that it is in.
          type: list
          elements: str
        args:
          description: Its command line.
          type: list
          elements: str
        entrypoints:
          description: Traefik's entrypoints and their addresses.
          type: dict
          sample:
            http: ":80"
            https: ":443"
        log:
          description: The last lines.
          type: list
          elements: str
        certificates:
          description: Those in Traefik's ACME store, each with C(domains), C(not_after) and C(issuer); V(null) when it could not be read.
          type: list
          elements: dict
    logins:
      description:
        - Registries that the user whom the task runs as is logged in at, each with C(registry), C(user) and, where a program keeps the password,
          C(helper).
      type: list
      elements: dict
    probes:
      description: The answers to O(probe), in its order.
      type: list
      elements: dict
      contains:
        container:
          description: Name of the container, or what was asked for when there is none.
          type: str
        address:
          description: The address that was asked; one in a network of the proxy where there is one.
          type: str
        port:
          description: The port.
          type: int
        path:
          description: The path.
          type: str
        from:
          description: V(proxy).
          type: str
        status:
          description: The HTTP status of the first answer.
          type: int
        seconds:
          description: How long it took, with the start of C(wget).
          type: float
        error:
          description: Why there was no answer.
          type: str
        output:
          description: How the page begins.
          type: str
    kernel_oom:
      description: The last lines of the kernel's log about processes that were killed for memory, with their times in UTC.
      type: list
      elements: str
    missing:
      description: What could not be found out, or was left out, each with C(what) and C(why).
      type: list
      elements: dict
      sample:
        - what: proxy.certificates
          why: "/data/coolify/proxy/acme.json: Permission denied"
"""

import typing as t

# The one module that makes its own AnsibleModule: _runner brings along the connection to Coolify, which a host must not see
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.selfhosted.coolify.plugins.module_utils._host.collect import collect

ARGUMENT_SPEC = {
    "sample_seconds": {"type": "float", "default": 1},
    "log_lines": {"type": "int", "default": 50},
    "containers": {"type": "list", "elements": "str", "default": []},
    "probe": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "container": {"type": "str", "required": True},
            "port": {"type": "int"},
            "path": {"type": "str"},
        },
    },
    "volumes": {"type": "bool", "default": False},
    "docker_host": {"type": "str"},
    "timeout": {"type": "float", "default": 20},
    "proxy_container": {"type": "str", "default": "coolify-proxy"},
    "acme_path": {"type": "path", "default": "/data/coolify/proxy/acme.json"},
}
RANGES = {"sample_seconds": (0, 10), "log_lines": (0, 500), "timeout": (2, 300)}
MOST_PROBES = 20


def complaints(options: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """What is wrong with the options beyond their types."""
    for name, (least, most) in RANGES.items():
        if not least <= options[name] <= most:
            yield f"{name} is {options[name]:g}; it must be from {least} to {most}"
    if options["sample_seconds"] >= options["timeout"]:
        yield "sample_seconds must be less than timeout"
    if len(options["probe"]) > MOST_PROBES:
        yield f"probe has {len(options['probe'])} entries; {MOST_PROBES} are the most"
    for probe in options["probe"]:
        if probe["port"] is not None and not 1 <= probe["port"] <= 65535:
            yield f"probe: {probe['port']} is no port"
        path = probe["path"] or "/"
        if not path.startswith("/") or not path.isprintable() or " " in path:
            yield f"probe: {path!r} is no path; it begins with / and has no spaces"


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    wrong = list(complaints(module.params))
    if wrong:
        module.fail_json(msg="; ".join(wrong))
    module.exit_json(changed=False, host_evidence=collect(module.params))


if __name__ == "__main__":
    main()
