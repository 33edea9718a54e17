# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications: the rules of creating and changing them, and how they read back (applications.md 2 to 6)."""

from __future__ import annotations

import json
import re
import typing as t

import yaml

from . import views
from .core import LIMITS, Coolify, Crash, Refused, Row, invalid, refuse
from .http import Call, integer, route
from .labels import application_labels
from .php import boolean, decode_base64, is_numeric, is_web_url, letters, parse_url, public_id, strip_tags, text_of, truthy
from .validation import REQUIRED, Rules, validate

DEFAULTS: Row = {
    "repository_project_id": None,
    "fqdn": None,
    "git_repository": "coollabsio/coolify",
    "git_branch": "main",
    "git_commit_sha": "HEAD",
    "git_full_url": None,
    "docker_registry_image_name": None,
    "docker_registry_image_tag": None,
    "build_pack": "nixpacks",
    "static_image": "nginx:alpine",
    "install_command": None,
    "build_command": None,
    "start_command": None,
    "ports_exposes": None,
    "ports_mappings": None,
    "base_directory": "/",
    "publish_directory": None,
    "health_check_path": "/",
    "health_check_port": None,
    "health_check_host": "localhost",
    "health_check_method": "GET",
    "health_check_return_code": 200,
    "health_check_scheme": "http",
    "health_check_response_text": None,
    "health_check_interval": 5,
    "health_check_timeout": 5,
    "health_check_retries": 10,
    "health_check_start_period": 5,
    **LIMITS,
    "status": "exited:unhealthy",
    "preview_url_template": "{{pr_id}}.{{domain}}",
    "source_type": None,
    "source_id": None,
    "private_key_id": None,
    "description": None,
    "dockerfile": None,
    "health_check_enabled": False,
    "dockerfile_location": None,
    "custom_labels": None,
    "dockerfile_target_build": None,
    "docker_compose_location": "/docker-compose.yaml",
    "docker_compose": None,
    "docker_compose_raw": None,
    "docker_compose_domains": None,
    "deleted_at": None,
    "docker_compose_custom_start_command": None,
    "docker_compose_custom_build_command": None,
    "swarm_replicas": 1,
    "swarm_placement_constraints": None,
    "custom_docker_run_options": None,
    "post_deployment_command": None,
    "post_deployment_command_container": None,
    "pre_deployment_command": None,
    "pre_deployment_command_container": None,
    "watch_paths": None,
    "custom_healthcheck_found": False,
    "redirect": "both",
    "compose_parsing_version": "5",
    "last_online_at": None,
    "custom_nginx_configuration": None,
    "custom_network_aliases": None,
    "is_http_basic_auth_enabled": False,
    "http_basic_auth_username": None,
    "http_basic_auth_password": None,
    "restart_count": 0,
    "last_restart_at": None,
    "last_restart_type": None,
    "health_check_type": "http",
    "health_check_command": None,
    "max_restart_count": 10,
    "noindex_domains": None,
}
SETTINGS: Row = {
    "is_static": False,
    "is_git_submodules_enabled": True,
    "is_git_lfs_enabled": True,
    "is_auto_deploy_enabled": True,
    "is_force_https_enabled": True,
    "is_debug_enabled": False,
    "is_preview_deployments_enabled": False,
    "is_log_drain_enabled": False,
    "is_gpu_enabled": False,
    "gpu_driver": "nvidia",
    "gpu_count": None,
    "gpu_device_ids": None,
    "gpu_options": None,
    "is_include_timestamps": False,
    "is_swarm_only_worker_nodes": True,
    "is_raw_compose_deployment_enabled": False,
    "is_build_server_enabled": False,
    "is_consistent_container_name_enabled": False,
    "is_gzip_enabled": True,
    "is_stripprefix_enabled": True,
    "connect_to_docker_network": False,
    "custom_internal_name": None,
    "is_container_label_escape_enabled": True,
    "is_env_sorting_enabled": False,
    "is_container_label_readonly_enabled": True,
    "is_preserve_repository_enabled": False,
    "disable_build_cache": False,
    "is_spa": False,
    "is_git_shallow_clone_enabled": True,
    "is_pr_deployments_public_enabled": False,
    "use_build_secrets": False,
    "stop_grace_period": None,
    "inject_build_args_to_dockerfile": True,
    "include_source_commit_in_build": False,
    "docker_images_to_keep": 2,
}
SECRETS = (
    "http_basic_auth_password",
    "manual_webhook_secret_github",
    "manual_webhook_secret_gitlab",
    "manual_webhook_secret_bitbucket",
    "manual_webhook_secret_gitea",
    "dockerfile",
    "docker_compose",
    "docker_compose_raw",
    "custom_labels",
)

# --- which fields are taken ----------------------------------------------------------------------------------------------------

# Flags that are stored for themselves: on git applications only, or on all
GIT_FLAGS = {
    "is_static": "is_static",
    "is_spa": "is_spa",
    "is_auto_deploy_enabled": "is_auto_deploy_enabled",
    "is_preserve_repository_enabled": "is_preserve_repository_enabled",
}
FLAGS = {
    "is_force_https_enabled": "is_force_https_enabled",
    "is_preview_deployments_enabled": "is_preview_deployments_enabled",
    "connect_to_docker_network": "connect_to_docker_network",
    "use_build_server": "is_build_server_enabled",
    "use_build_secrets": "use_build_secrets",
    "is_container_label_escape_enabled": "is_container_label_escape_enabled",
}
# Flags that are stored together, and their type
MORE_SETTINGS: dict[str, str] = {
    **dict.fromkeys(
        (
            "is_git_submodules_enabled",
            "is_git_lfs_enabled",
            "is_git_shallow_clone_enabled",
            "disable_build_cache",
            "inject_build_args_to_dockerfile",
            "include_source_commit_in_build",
            "is_env_sorting_enabled",
            "is_pr_deployments_public_enabled",
            "is_gzip_enabled",
            "is_stripprefix_enabled",
            "is_raw_compose_deployment_enabled",
            "is_log_drain_enabled",
            "is_gpu_enabled",
            "is_consistent_container_name_enabled",
        ),
        "boolean",
    ),
    "stop_grace_period": "integer",
    "docker_images_to_keep": "integer",
    **dict.fromkeys(("gpu_driver", "gpu_count", "gpu_device_ids", "gpu_options", "custom_internal_name"), "string"),
}
SINCE_430 = (
    "noindex_domains",
    "preview_url_template",
    "max_restart_count",
    "custom_internal_name",
    "is_consistent_container_name_enabled",
    "is_log_drain_enabled",
    "is_gpu_enabled",
    "gpu_driver",
    "gpu_count",
    "gpu_device_ids",
    "gpu_options",
)
SINCE = {
    **dict.fromkeys(("use_build_secrets", "is_preview_deployments_enabled", *MORE_SETTINGS), "4.2.0"),
    **dict.fromkeys(SINCE_430, "4.3.0"),
    "tags": "4.2.0",
}
SHELL_SAFE = r"^(?:[ \t]+|&&|\|\||\"[^\"$`\\\n\r]*\"|'[^'\n\r]*'|[a-zA-Z0-9._\-/=:@,+\[\]{}#%^~*?!]+)+$"
FILE_PATH = ("nullable", "string", ("max", 255), ("regex", r"^/[a-zA-Z0-9._\-/~@+]+$"))
DIRECTORY = ("nullable", "string", ("max", 255), ("regex", r"^/([a-zA-Z0-9._\-/~@+]*)?$"))
COMMAND = ("nullable", "string", ("max", 1000), ("regex", SHELL_SAFE))
CONTAINER = ("string", ("max", 255), ("regex", r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$"))
IMAGE_NAME = (
    r"\A(?=.{1,255}\Z)(?:(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]+)?/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
    r"(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)(?:@sha256)?\Z"
)
IMAGE_TAG = r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z"
PORTS = ("string", ("regex", r"^(\d+)(,\d+)*$"))
FORBIDDEN_IN_URL = re.compile(r"[`$;&|<>()\\\r\n]")


def url_list(value: t.Any) -> list[str]:
    text = text_of(value).removeprefix(",").removesuffix(",")
    return [part.strip() for part in text.split(",") if part.strip()]


def url_errors(value: t.Any) -> list[str]:
    if not value:
        return []
    if not isinstance(value, str):
        return ["The domains field must be a string."]
    errors = []
    for url in url_list(value):
        scheme = ((parse_url(url) or {}).get("scheme") or "").lower()
        if scheme not in ("", "http", "https") and "://" in url and not FORBIDDEN_IN_URL.search(url):
            errors.append(f"Invalid URL scheme: {scheme} for URL: {url}. Only http and https are supported.")
        elif FORBIDDEN_IN_URL.search(url) or not is_web_url(url):
            errors.append(f"Invalid URL: {url}")
    return errors


DOMAINS = ("nullable", "string", ("max", 2048), url_errors)


def _git_branch(value: t.Any) -> t.Iterator[str]:
    branch = text_of(value).strip()
    if not branch:
        return
    if re.search(r"[;|&$`(){}<>\"'\\!*?\[\]~^: #]", branch):
        yield "The git branch contains invalid characters."
    elif ".." in branch or "//" in branch or "@{" in branch:
        yield "The git branch contains invalid patterns."
    elif branch[0] in "/." or branch[-1] in "/.":
        yield "The git branch cannot start or end with / or ."
    elif not re.fullmatch(r"[a-zA-Z0-9\-_/.]+", branch):
        yield (
            "The git branch contains invalid characters. Only letters, numbers, hyphens, underscores, forward slashes, and dots are allowed."
        )
    elif branch == "HEAD":
        yield "The git branch cannot be HEAD."
    elif branch.endswith(".lock"):
        yield "The git branch cannot end with .lock."


def _git_repository(value: t.Any) -> t.Iterator[str]:
    url = text_of(value)
    if not url:
        return
    if re.search(r"[;|&$`(){}\[\]<>\"'\\!?*^%=+#]", url):
        yield "The git repository contains invalid characters."
    elif re.search(r"\.\./", url):
        yield "The git repository contains invalid patterns."
    elif url.startswith("git@"):
        if not re.fullmatch(r"git@[a-zA-Z0-9.\-]+:[a-zA-Z0-9\-_/.~]+", url):
            yield "The git repository is not a valid SSH repository URL."
    elif url.startswith(("http://", "https://")):
        parts = parse_url(url)
        if parts is None or not is_web_url(url):
            yield "The git repository is not a valid URL."
        elif re.fullmatch(r"[\d.]+|\[.*\]", parts["host"]):
            yield "The git repository cannot use IP addresses."
        elif parts["host"].lower() == "localhost" or parts["host"].lower().endswith(".local"):
            yield "The git repository cannot point to internal hosts."
        elif parts.get("path") and not re.fullmatch(r"[a-zA-Z0-9\-_/.@~]+", parts["path"]):
            yield "The git repository path contains invalid characters."
    elif not url.startswith("git://"):
        yield "The git repository must start with https://, http://, git://, or git@."


def _image(value: t.Any) -> t.Iterator[str]:
    text = text_of(value)
    name, tag = re.fullmatch(r"(.+)@sha256:[a-fA-F0-9]{64}", text), None
    if name:
        plain = name[1]
    else:
        head, colon, tail = text.rpartition(":")
        plain, tag = (head, tail) if colon and "/" not in tail else (text, None)
    if not re.search(IMAGE_NAME, plain) or (tag is not None and not re.search(IMAGE_TAG, tag)):
        yield "The docker registry image name format is invalid. Use image:tag or image@sha256:hash format."


BUILD_PACKS = ("nixpacks", "static", "dockerfile", "dockercompose", "railpack")
SHARED_RULES: Rules = {
    "git_repository": ("string",),
    "git_branch": ("string", _git_branch),
    "build_pack": (("in", BUILD_PACKS),),
    **dict.fromkeys(
        (
            *GIT_FLAGS,
            "is_force_https_enabled",
            "is_preview_deployments_enabled",
            "use_build_secrets",
            "is_container_label_escape_enabled",
            *(name for name, kind in MORE_SETTINGS.items() if kind == "boolean"),
        ),
        ("boolean",),
    ),
    **{name: ("nullable", "string") for name, kind in MORE_SETTINGS.items() if kind == "string"},
    "preview_url_template": ("string",),
    "max_restart_count": ("integer", ("min", 0)),
    "stop_grace_period": ("nullable", "integer", ("min", 1), ("max", 3600)),
    "docker_images_to_keep": ("integer", ("min", 0), ("max", 100)),
    "static_image": (("in", ("nginx:alpine",)),),
    "domains": DOMAINS,
    "noindex_domains": ("nullable", "array"),
    "noindex_domains.*": ("string",),
    "redirect": (("in", ("both", "www", "non-www")),),
    "git_commit_sha": ("string", ("regex", r"^[a-zA-Z0-9][a-zA-Z0-9._\-/]*$")),
    "docker_registry_image_name": ("nullable", "string", ("max", 255), ("regex", IMAGE_NAME)),
    "docker_registry_image_tag": ("nullable", "string", ("max", 128), ("regex", IMAGE_TAG)),
    **dict.fromkeys(("install_command", "build_command", "start_command"), COMMAND),
    "ports_exposes": PORTS,
    "ports_mappings": ("nullable", "string", ("regex", r"^(\d+:\d+)(,\d+:\d+)*$")),
    "custom_network_aliases": ("nullable", "string"),
    "base_directory": DIRECTORY,
    "publish_directory": DIRECTORY,
    "health_check_enabled": ("boolean",),
    "health_check_type": ("string", ("in", ("http", "cmd"))),
    "health_check_command": ("nullable", "string", ("max", 1000), ("regex", r"^[a-zA-Z0-9 \-_./:=@,+]+$")),
    "health_check_path": ("string", ("regex", r"^[a-zA-Z0-9/\-_.~%,;]+$")),
    "health_check_port": ("nullable", "integer", ("min", 1), ("max", 65535)),
    "health_check_host": ("string", ("regex", r"^[a-zA-Z0-9.\-_]+$")),
    "health_check_method": ("string", ("in", ("GET", "HEAD", "POST", "OPTIONS"))),
    "health_check_return_code": ("numeric",),
    "health_check_scheme": ("string", ("in", ("http", "https"))),
    "health_check_response_text": ("nullable", "string"),
    **{f"health_check_{name}": ("numeric",) for name in ("interval", "timeout", "retries", "start_period")},
    **dict.fromkeys(("limits_memory", "limits_memory_swap", "limits_memory_reservation", "limits_cpus"), ("string",)),
    "limits_memory_swappiness": ("numeric",),
    "limits_cpuset": ("nullable", "string"),
    "limits_cpu_shares": ("numeric",),
    "custom_labels": ("nullable", "string"),
    "custom_docker_run_options": ("nullable", "string", ("max", 2000), ("regex", SHELL_SAFE)),
    "post_deployment_command": ("nullable", "string"),
    "post_deployment_command_container": CONTAINER,
    "pre_deployment_command": ("nullable", "string"),
    "pre_deployment_command_container": CONTAINER,
    **{f"manual_webhook_secret_{name}": ("nullable", "string") for name in ("github", "gitlab", "bitbucket", "gitea")},
    "dockerfile_location": FILE_PATH,
    "dockerfile_target_build": ("nullable", "string", ("max", 128), ("regex", r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$")),
    "docker_compose_location": FILE_PATH,
    "docker_compose_domains": ("nullable", "array"),
    "docker_compose_domains.*": (("keys", ("name", "domain", "redirect")),),
    "docker_compose_domains.*.name": ("required", "string"),
    "docker_compose_domains.*.domain": DOMAINS,
    "docker_compose_domains.*.redirect": ("nullable", "string", ("in", ("www", "non-www", "both"))),
    "docker_compose_custom_start_command": COMMAND,
    "docker_compose_custom_build_command": COMMAND,
}
MESSAGES = {
    "docker_compose_domains.*.keys": "An item in the docker_compose_domains array has invalid fields. Only name, domain, and redirect fields are supported."
}
CREATE_ONLY = (
    "project_uuid",
    "environment_name",
    "environment_uuid",
    "server_uuid",
    "destination_uuid",
    "type",
    "private_key_uuid",
    "github_app_uuid",
    "dockerfile",
    "docker_compose_raw",
    "autogenerate_domain",
    "tags",
)
FIELDS = (
    "name",
    "description",
    "git_repository",
    "git_branch",
    "git_commit_sha",
    "docker_registry_image_name",
    "docker_registry_image_tag",
    "build_pack",
    "static_image",
    "install_command",
    "build_command",
    "start_command",
    "ports_exposes",
    "ports_mappings",
    "custom_network_aliases",
    "base_directory",
    "publish_directory",
    *(f"health_check_{name}" for name in ("enabled", "type", "command", "path", "port", "host", "method", "return_code", "scheme")),
    *(f"health_check_{name}" for name in ("response_text", "interval", "timeout", "retries", "start_period")),
    "limits_memory",
    "limits_memory_swap",
    "limits_memory_swappiness",
    "limits_memory_reservation",
    "limits_cpus",
    "limits_cpuset",
    "limits_cpu_shares",
    "custom_labels",
    "custom_docker_run_options",
    "post_deployment_command",
    "post_deployment_command_container",
    "pre_deployment_command",
    "pre_deployment_command_container",
    *(f"manual_webhook_secret_{name}" for name in ("github", "gitlab", "bitbucket", "gitea")),
    "redirect",
    "dockerfile_location",
    "docker_compose_location",
    "docker_compose_custom_start_command",
    "docker_compose_custom_build_command",
    "watch_paths",
    "custom_nginx_configuration",
    "is_http_basic_auth_enabled",
    "http_basic_auth_username",
    "http_basic_auth_password",
    "preview_url_template",
    "max_restart_count",
)
REQUEST_FIELDS = (
    "domains",
    "noindex_domains",
    "docker_compose_domains",
    "instant_deploy",
    "force_domain_override",
    *GIT_FLAGS,
    *FLAGS,
    *MORE_SETTINGS,
)
INTEGERS = (
    "health_check_return_code",
    "health_check_interval",
    "health_check_timeout",
    "health_check_retries",
    "health_check_start_period",
    "limits_memory_swappiness",
    "limits_cpu_shares",
    "max_restart_count",
)
LONG = (
    "custom_docker_run_options",
    "watch_paths",
    "pre_deployment_command",
    "post_deployment_command",
    "custom_nginx_configuration",
    "custom_labels",
    "health_check_command",
    "dockerfile",
    "http_basic_auth_password",
    "manual_webhook_secret_github",
    "manual_webhook_secret_gitlab",
    "manual_webhook_secret_bitbucket",
    "manual_webhook_secret_gitea",
)
TYPES = {
    "public": "git",
    "private-github-app": "git",
    "private-deploy-key": "git",
    "dockerfile": "dockerfile",
    "dockerimage": "dockerimage",
}


def _unknown(call: Call, allowed: t.Container[str]) -> dict[str, list[str]]:
    taken = {name for name in call.input if name in allowed and call.coolify.has(SINCE.get(name))}
    return {name: ["This field is not allowed."] for name in call.input if name not in taken}


# --- storing -----------------------------------------------------------------------------------------------------------------


def _column(name: str, value: t.Any, app: Row) -> t.Any:
    """What a column holds after a value was assigned and saved; raises Crash where the column cannot hold it."""
    if name in ("name", "description"):
        value = strip_tags(value)
    elif name in ("install_command", "build_command", "start_command"):
        value = text_of(value) if value != app[name] else value
    elif name == "base_directory":
        value = "/" + text_of(value).lstrip("/")
    elif name == "publish_directory":
        value = value if value == app[name] else "/" + text_of(value).lstrip("/")
    elif name == "dockerfile_location":
        value = value.removesuffix("/") if value else ("/Dockerfile" if app["build_pack"] == "dockerfile" else None)
    elif name == "docker_compose_location":
        value = value or "/docker-compose.yaml"
    elif name == "watch_paths" and value is not None:
        lines = [line.strip() for line in value.split("\n")]
        value = "\n".join(
            line for line in (("!" + line[1:].lstrip("/")) if line.startswith("!") else line.lstrip("/") for line in lines) if line
        )
    elif name == "custom_network_aliases":
        value = ",".join(dict.fromkeys(part.strip().replace(" ", "-") for part in (value or "").split(",") if part.strip())) or None
    elif name == "health_check_port":
        value = None if value is None else text_of(value)
    elif name in INTEGERS:
        if not is_numeric(value) or float(text_of(value)) != int(float(text_of(value))):
            raise Crash
        value = int(float(text_of(value)))
    elif name in ("health_check_enabled", "is_http_basic_auth_enabled"):
        if value is None:
            raise Crash
        value = boolean(value)
    if isinstance(value, str) and name not in LONG and name not in ("fqdn", "noindex_domains") and len(value) > 255:
        raise Crash
    if name == "http_basic_auth_password" and value and len(value.encode()) > 31:
        raise Crash
    return value


def _settings(app: Row, data: t.Mapping[str, t.Any], names: t.Mapping[str, str]) -> None:
    for name, column in names.items():
        if data.get(name) is not None:
            if name in ("use_build_server", "connect_to_docker_network") and text_of(data[name]).lower() not in (
                "",
                "0",
                "1",
                "t",
                "f",
                "true",
                "false",
            ):
                raise Crash
            app["settings"][column] = (
                truthy(data[name]) if name in ("use_build_server", "connect_to_docker_network") else boolean(data[name])
            )


def _more_settings(app: Row, data: t.Mapping[str, t.Any]) -> list[str]:
    touched = [name for name in MORE_SETTINGS if name in data]
    for name in touched:
        value, kind = data[name], MORE_SETTINGS[name]
        if name == "gpu_driver" and value is None:
            raise Crash
        if isinstance(value, str) and len(value) > 255 and name != "gpu_options":
            raise Crash
        app["settings"][name] = (
            boolean(value) if kind == "boolean" else (integer(value) if kind == "integer" and value is not None else value)
        )
    return touched


def _normalized(coolify: Coolify, text: t.Any) -> str | None:
    urls = url_list(text)
    if not coolify.has("4.2.0"):
        return ",".join(urls) or None
    normal = []
    for url in urls:
        scheme, rest = url.split("://", 1)
        cut = next((i for i, letter in enumerate(rest) if letter in "/?#"), len(rest))
        normal.append(f"{scheme.lower()}://{rest[:cut].lower()}{rest[cut:]}")
    return ",".join(normal) or None


def _noindex(app: Row, wanted: t.Iterable[str]) -> list[str]:
    own = [url.rstrip("/") for url in (app["fqdn"] or "").split(",") if url]
    return [url for url in dict.fromkeys(item.strip().rstrip("/").lower() for item in wanted) if url in own]


def _regenerate(coolify: Coolify, app: Row) -> None:
    app["custom_labels"] = application_labels(app, coolify.destination(app)["network"])


def conflicts(coolify: Coolify, urls: t.Iterable[str], team: int, uuid: str | None) -> list[Row]:
    wanted = {url.removesuffix("/") for url in urls}
    found = []
    for app in sorted(coolify.owned("applications", team), key=lambda row: row["name"]):
        if app["uuid"] == uuid:
            continue
        owner = {"resource_name": app["name"], "resource_uuid": app["uuid"], "resource_type": "application"}
        for url in (item.removesuffix("/") for item in (app["fqdn"] or "").split(",") if item):
            if url in wanted:
                found.append({"domain": url, **owner, "message": f"Domain {url} is already in use by application '{app['name']}'"})
        for service, entry in json.loads(app["docker_compose_domains"] or "{}").items():
            for url in (item.removesuffix("/") for item in ((entry or {}).get("domain") or "").split(",") if item):
                if url in wanted:
                    text = f"Domain {url} is already in use by application '{app['name']}' (service: {service})"
                    found.append({"domain": url, **owner, "service_name": service, "message": text})
    for stack in coolify.owned("services", team):
        for row in coolify.rows("service_applications", service_id=stack["id"]):
            owner = {"resource_name": stack["name"], "resource_uuid": stack["uuid"], "resource_type": "service"}
            for url in (item.removesuffix("/") for item in (row["fqdn"] or "").split(",") if item and row["uuid"] != uuid):
                if url in wanted:
                    found.append({"domain": url, **owner, "message": f"Domain {url} is already in use by service '{stack['name']}'"})
    return found


def _refuse_conflicts(call: Call, urls: t.Iterable[str], uuid: str | None) -> None:
    found = conflicts(call.coolify, urls, call.team, uuid)
    if found and not boolean(call.input.get("force_domain_override")):
        body = {
            "message": "Domain conflicts detected. Use force_domain_override=true to proceed.",
            "conflicts": found,
            "warning": "Using the same domain for multiple resources can cause routing conflicts and unpredictable behavior.",
        }
        raise Refused(409, body)


def _check_data(call: Call, server: Row, uuid: str | None) -> None:
    """ports_mappings, custom_labels and domains, in this order and before the rules."""
    data = call.input
    if "ports_mappings" in data:
        hosts = [pair.split(":")[0] for pair in text_of(data["ports_mappings"]).split(",")]
        if len(set(hosts)) < len(hosts):
            invalid({"ports_mappings": "The first number before : should be unique between mappings."})
    if "custom_labels" in data and decode_base64(data["custom_labels"]) is None:
        invalid({"custom_labels": "The custom_labels should be base64 encoded."})
    if "domains" in data and server["proxy_type"] != "NONE":
        errors = url_errors(data["domains"])
        if errors:
            invalid(errors)
        data["domains"] = _normalized(call.coolify, data["domains"])
        _refuse_conflicts(call, url_list(data["domains"]), uuid)


def _nginx(data: Row) -> None:
    if data.get("custom_nginx_configuration") is not None:
        text = decode_base64(data["custom_nginx_configuration"])
        if text is None:
            invalid({"custom_nginx_configuration": "The custom_nginx_configuration should be base64 encoded."})
        data["custom_nginx_configuration"] = text


def _compose_entries(call: Call, uuid: str | None) -> list[Row]:
    items = call.input["docker_compose_domains"] or []
    urls = [url for item in items for url in url_list(item.get("domain"))]
    double = list(dict.fromkeys(url for url in urls if urls.count(url) > 1))
    if double and not boolean(call.input.get("force_domain_override")):
        text = f"The current request contains conflicting URLs: {', '.join(double)} Use force_domain_override=true to proceed."
        invalid({"docker_compose_domains": [text]})
    if urls:
        _refuse_conflicts(call, urls, uuid)
    return items


# --- creating ----------------------------------------------------------------------------------------------------------------


def place(call: Call, missing_environment: t.Callable[[], t.NoReturn]) -> tuple[Row, Row, Row]:
    """(environment, server, destination) that a creation names, with Coolify's own order of complaints."""
    coolify, data = call.coolify, call.input
    project = coolify.one("projects", uuid=data.get("project_uuid"), team_id=call.team) or refuse(404, "Project not found.")
    rows = coolify.rows("environments", project_id=project["id"])
    environment = (
        next((row for row in rows if row["name"] == data.get("environment_name")), None)
        or next((row for row in rows if row["uuid"] == data.get("environment_uuid")), None)
        or missing_environment()
    )
    server = coolify.one("servers", uuid=data.get("server_uuid"), team_id=call.team) or refuse(404, "Server not found.")
    if server["settings"]["is_build_server"] and coolify.has("4.2.0"):
        invalid({"server_uuid": ["The specified server is configured as a build server and cannot host resources."]})
    destinations = coolify.rows("destinations", server_id=server["id"])
    if not destinations:
        refuse(400, "Server has no destinations.")
    if len(destinations) > 1 and "destination_uuid" not in data:
        refuse(400, "Server has multiple destinations and you do not set destination_uuid.")
    destination = destinations[0]
    if len(destinations) > 1:
        destination = next((row for row in destinations if row["uuid"] == data["destination_uuid"]), None) or invalid(
            {"destination_uuid": "Provided destination_uuid does not belong to the specified server."}
        )
    return environment, server, destination


def need_environment(data: Row) -> None:
    if not data.get("environment_name") and not data.get("environment_uuid"):
        refuse(422, "You need to provide at least one of environment_name or environment_uuid.")


def _first_rules() -> Rules:
    return {
        "name": ("string", ("max", 255)),
        "description": ("nullable", "string"),
        "project_uuid": ("required", "string"),
        "environment_name": ("nullable", "string"),
        "environment_uuid": ("nullable", "string"),
        "server_uuid": ("required", "string"),
        "destination_uuid": ("string",),
        "is_http_basic_auth_enabled": ("boolean",),
        "http_basic_auth_username": ("nullable", "string"),
        "http_basic_auth_password": ("nullable", "string"),
        "autogenerate_domain": ("boolean",),
        "tags": ("nullable", "array"),
        "tags.*": ("string", ("min", 2)),
    }


def _type_rules(kind: str) -> Rules:
    ports: Rules = {"ports_exposes": ("nullable", *PORTS)}
    if kind == "dockerfile":
        return {**SHARED_RULES, "dockerfile": ("required", "string")}
    if kind == "dockerimage":
        image = ("required", "string", ("max", 255), _image)
        return {**SHARED_RULES, **ports, "docker_registry_image_name": image}
    own: Rules = {
        "private-github-app": {"github_app_uuid": ("required", "string")},
        "private-deploy-key": {"private_key_uuid": ("required", "string")},
    }.get(kind, {})
    repository = ("required", "string") if kind == "private-github-app" else ("required", "string", _git_repository)
    git: Rules = {
        "git_repository": repository,
        "git_branch": ("required", "string", _git_branch),
        "build_pack": ("required", ("in", BUILD_PACKS)),
        "watch_paths": ("nullable", "string"),
    }
    return {**SHARED_RULES, **git, **ports, **own}


@route("POST", "/applications/<any(public,'private-github-app','private-deploy-key',dockerfile,dockerimage):kind>", json=True)
def create(call: Call) -> t.Any:
    from .extras import attach, tag_names

    data, kind = call.input, call.params["kind"]
    errors = validate(data, _first_rules(), {"required": REQUIRED})
    errors.update(_unknown(call, {*FIELDS, *REQUEST_FIELDS, *CREATE_ONLY}))
    if errors:
        invalid(errors)
    if "tags" in data and data["tags"] is None:
        raise Crash
    tags = tag_names(data.get("tags", ()), "tags")
    need_environment(data)
    if boolean(data.get("is_raw_compose_deployment_enabled")) and data.get("build_pack") != "dockercompose":
        invalid({"is_raw_compose_deployment_enabled": "Raw compose deployment can only be enabled for Docker Compose applications."})
    _nginx(data)
    environment, server, destination = place(call, lambda: refuse(404, "Environment not found."))
    git = TYPES[kind] == "git"
    if git and data.get("build_pack") == "dockercompose":
        data["ports_exposes"] = "80"
    errors = validate(data, _type_rules(kind), MESSAGES if git else {**MESSAGES, "required": REQUIRED})
    if errors:
        invalid(errors)
    if data.get("build_pack") == "dockercompose" and "domains" in data:
        text = "The domains field cannot be used for dockercompose applications. Use docker_compose_domains instead to set domains for individual services."
        invalid({"domains": text})
    if kind == "dockerfile" and decode_base64(data["dockerfile"]) is None:
        # Judged before validateDataApplications
        invalid({"dockerfile": "The dockerfile should be base64 encoded."})
    _check_data(call, server, None)
    columns = _source(call, kind)
    app = _insert(call, kind, columns, environment, destination)
    attach(call.coolify, app, call.team, tags)
    _finish_creation(call, kind, app, server)
    return 201, {"uuid": app["uuid"], "domains": app["fqdn"]}


def _source(call: Call, kind: str) -> Row:
    """The columns that the kind of creation decides; raises where its key or app is unknown."""
    coolify, data = call.coolify, call.input
    if kind == "dockerfile":
        ports = {"ports_exposes": "80", "dockerfile": decode_base64(data["dockerfile"]), "build_pack": "dockerfile"}
        return {**ports, "git_repository": "coollabsio/coolify", "git_branch": "main", "name": f"dockerfile-{public_id()}"}
    if kind == "dockerimage":
        image = parse_image(data["docker_registry_image_name"], data.get("docker_registry_image_tag"))
        return {
            **image,
            "build_pack": "dockerimage",
            "git_repository": "coollabsio/coolify",
            "git_branch": "main",
            "name": f"docker-image-{public_id()}",
        }
    repository = data["git_repository"]
    columns: Row = {"name": f"{repository.split('/')[-1]}:{data['git_branch']}-{public_id()}".lower()}
    if kind == "private-deploy-key":
        key = coolify.one("private_keys", uuid=data["private_key_uuid"], team_id=call.team) or refuse(404, "Private Key not found.")
        columns["private_key_id"] = key["id"]
    elif kind == "private-github-app":
        github = coolify.one("github_apps", uuid=data["github_app_uuid"], team_id=call.team) or refuse(404, "Github App not found.")
        repository = re.sub(r"^(https?://)?(github\.com/)?", "", repository).strip("/").removesuffix(".git")
        if repository not in github["repositories"]:
            refuse(404, "Repository not found or not accessible by the GitHub App.")
        columns.update(source_type="App\\Models\\GithubApp", source_id=github["id"], repository_project_id=1)
    elif (parse_url(repository) or {}).get("host") == "github.com":
        repository = repository.split("github.com/", 1)[1].strip("/")
        columns.update(source_type="App\\Models\\GithubApp", source_id=0)
    return {**columns, "git_repository": repository}


def parse_image(name: str, tag: str | None) -> Row:
    """A reference taken apart as Coolify does it at creation."""
    reference = f"{name}:{tag}" if tag else name
    digest = re.fullmatch(r"(.+)@sha256:([a-fA-F0-9]{64})", reference)
    if digest:
        return {"docker_registry_image_name": f"{digest[1]}@sha256", "docker_registry_image_tag": digest[2]}
    head, colon, tail = reference.rpartition(":")
    plain, found = (head, tail) if colon and "/" not in tail else (reference, "latest")
    if re.fullmatch(r"[a-fA-F0-9]{64}", found) and not plain.endswith("@sha256"):
        plain += "@sha256"
    return {"docker_registry_image_name": plain, "docker_registry_image_tag": found}


def _insert(call: Call, kind: str, columns: Row, environment: Row, destination: Row) -> Row:
    data, coolify = call.input, call.coolify
    values: Row = {**DEFAULTS}
    for name in FIELDS:
        if name in data and name != "custom_labels":
            # A null counts as a change here, because nothing is stored yet
            values[name] = _column(name, data[name], {**values, name: ...})
    if "dockerfile" in data:
        values["dockerfile"] = data["dockerfile"]
    compose: Row = {}
    if "docker_compose_domains" in data and data["docker_compose_domains"] is not None:
        if not data["docker_compose_domains"]:
            raise Crash
        for item in _compose_entries(call, None):
            compose[item["name"]] = {"domain": item.get("domain"), **({"redirect": item["redirect"]} if item.get("redirect") else {})}
    values.update({name: value for name, value in columns.items() if name != "name"})
    values.update(
        name=strip_tags(data["name"]) if data.get("name") else columns["name"],
        fqdn=data.get("domains"),
        docker_compose_domains=json.dumps(compose) if compose else None,
        environment_id=environment["id"],
        destination_id=destination["id"],
        destination_type="App\\Models\\StandaloneDocker",
        config_hash=letters(32),
        settings=dict(SETTINGS),
        **{
            f"manual_webhook_secret_{name}": data.get(f"manual_webhook_secret_{name}") or letters(40)
            for name in ("github", "gitlab", "bitbucket", "gitea")
        },
    )
    app = coolify.insert("applications", **values)
    if app["build_pack"] == "nixpacks":
        from .variables import add

        add(coolify, app, "applications", "NIXPACKS_NODE_VERSION", "22", is_runtime=False)
    return app


def _finish_creation(call: Call, kind: str, app: Row, server: Row) -> None:
    """What happens after the row is there: a crash in here leaves the application behind."""
    coolify, data = call.coolify, call.input
    _more_settings(app, data)
    if boolean(data.get("autogenerate_domain"), True) and not app["fqdn"]:
        wildcard = server["settings"]["wildcard_domain"] or f"http://{server['ip'].replace(':', '-')}.sslip.io"
        parts = parse_url(wildcard) or {}
        path = parts.get("path", "")
        app["fqdn"] = f"{parts['scheme']}://{app['uuid']}.{parts['host']}{'' if path == '/' else path}"
    if TYPES[kind] == "git":
        _settings(app, data, GIT_FLAGS)
        if app["settings"]["is_static"]:
            app["ports_exposes"] = "80"
    _settings(app, data, FLAGS)
    if "noindex_domains" in data:
        app["noindex_domains"] = _noindex(app, data["noindex_domains"] or ())
    _regenerate(coolify, app)
    if truthy(data.get("instant_deploy")):
        from .deployments import queue

        queue(coolify, app, at_once=True)
    elif app["build_pack"] == "dockercompose":
        coolify.later(coolify.switches.status_seconds, lambda: _load_compose(coolify, app))


def _load_compose(coolify: Coolify, app: Row) -> None:
    if coolify.switches.compose_file is not None:
        coolify.update(app, docker_compose_raw=coolify.switches.compose_file, docker_compose=coolify.switches.compose_file)


# --- changing ----------------------------------------------------------------------------------------------------------------


@route("PATCH", "/applications/<uuid>", json=True)
def update(call: Call) -> t.Any:
    coolify, data = call.coolify, call.input
    app = call.find("applications", "Application", dot="")
    server = coolify.server(app)
    if "ports_exposes" in data and not all(is_numeric(port) for port in text_of(data["ports_exposes"]).split(",")):
        invalid({"ports_exposes": "The ports_exposes should be a comma separated list of numbers."})
    _nginx(data)
    _check_data(call, server, app["uuid"])
    rules = {
        **SHARED_RULES,
        "name": ("string", ("max", 255)),
        "description": ("nullable", "string"),
        "static_image": ("string",),
        "watch_paths": ("nullable", "string"),
        "custom_nginx_configuration": ("nullable", "string"),
        "is_http_basic_auth_enabled": ("nullable", "boolean"),
        "is_preview_deployments_enabled": ("nullable", "boolean"),
        "http_basic_auth_username": ("string",),
        "http_basic_auth_password": ("string",),
    }
    errors = validate(data, rules, MESSAGES)
    errors.update(_unknown(call, {*FIELDS, "dockerfile_target_build", *REQUEST_FIELDS}))
    if errors:
        invalid(errors)
    if boolean(data.get("is_raw_compose_deployment_enabled")) and data.get("build_pack", app["build_pack"]) != "dockercompose":
        invalid({"is_raw_compose_deployment_enabled": "Raw compose deployment can only be enabled for Docker Compose applications."})
    _check_basic_auth(app, data)
    if app["build_pack"] == "dockercompose" and "domains" in data:
        text = "The domains field cannot be used for dockercompose applications. Use docker_compose_domains instead to set domains for individual services."
        invalid({"domains": text})
    compose = _compose_update(call, app)
    _apply(call, app, server, compose)
    if truthy(data.get("instant_deploy")):
        from .deployments import SKIPPED, queue

        if queue(coolify, app)[0] == "skipped":
            return {"message": SKIPPED}
    return {"uuid": app["uuid"]}


def _check_basic_auth(app: Row, data: Row) -> None:
    if data.get("is_http_basic_auth_enabled") is not True or (app["http_basic_auth_username"] and app["http_basic_auth_password"]):
        return
    names = ("http_basic_auth_username", "http_basic_auth_password")
    missing = {name: f"The {name} is required." for name in names if not data.get(name)}
    if missing:
        invalid(missing)


def _compose_update(call: Call, app: Row) -> Row:
    if "docker_compose_domains" not in call.input:
        return {}
    if not app["docker_compose_raw"]:
        text = "Cannot set docker_compose_domains without docker_compose_raw. Reload the compose file from the git repository first."
        invalid({"docker_compose_domains": text})
    services = (yaml.safe_load(app["docker_compose_raw"]) or {}).get("services") or {}
    before = json.loads(app["docker_compose_domains"] or "{}")
    compose = {}
    for item in _compose_entries(call, app["uuid"]):
        if item["name"] in services:
            redirect = item["redirect"] if "redirect" in item else (before.get(item["name"]) or {}).get("redirect")
            compose[item["name"]] = {"domain": item.get("domain"), **({"redirect": redirect} if redirect else {})}
    return compose


def _apply(call: Call, app: Row, server: Row, compose: Row) -> None:
    coolify, data = call.coolify, call.input
    proxied = server["proxy_type"] != "NONE"
    managed = app["settings"]["is_container_label_readonly_enabled"]
    before, ports = json.dumps({**app, "updated_at": ""}, default=str), app["ports_exposes"]
    _settings(app, data, {**GIT_FLAGS, **FLAGS})
    if managed and {"is_gzip_enabled", "is_stripprefix_enabled"} & set(_more_settings(app, data)):
        _regenerate(coolify, app)
    changes = {name: _column(name, data[name], app) for name in (*FIELDS, "dockerfile_target_build") if name in data}
    if data.get("is_static") and changes.get("ports_exposes", ports) == ports:
        # Set behind the request, which then believes that nothing is left to save (T4)
        changes["ports_exposes"] = "80"
    if "domains" in data and proxied:
        changes["fqdn"] = data["domains"]
    if compose:
        changes["docker_compose_domains"] = json.dumps(compose)
    if changes.get("build_pack", app["build_pack"]) != app["build_pack"]:
        _leave_build_pack(coolify, app, changes)
    app.update(changes)
    if "fqdn" in changes or "noindex_domains" in data:
        wanted = data["noindex_domains"] or () if "noindex_domains" in data else app["noindex_domains"]
        app["noindex_domains"] = None if wanted is None else _noindex(app, wanted)
    basic = {"is_http_basic_auth_enabled", "http_basic_auth_username", "http_basic_auth_password"}
    if managed and proxied and ({"domains", "noindex_domains"} | basic) & set(data):
        _regenerate(coolify, app)
    if json.dumps({**app, "updated_at": ""}, default=str) != before:
        app["updated_at"] = coolify.now()


def _leave_build_pack(coolify: Coolify, app: Row, changes: Row) -> None:
    if app["build_pack"] == "dockercompose":
        changes.update(docker_compose_domains=None, docker_compose_raw=None)
        for row in coolify.rows("variables", owner_table="applications", owner_id=app["id"]):
            if row["key"].startswith(("SERVICE_FQDN_", "SERVICE_URL_")):
                coolify.remove("variables", row)
    elif app["build_pack"] == "dockerfile":
        changes.update(dockerfile=None, dockerfile_location=None, dockerfile_target_build=None, custom_healthcheck_found=False)


# --- reading -----------------------------------------------------------------------------------------------------------------


def _shape(coolify: Coolify, app: Row, *, secrets: bool, nested_secrets: bool) -> Row:
    """The columns of an application with its destination; settings and environment come with the single read."""
    view = {name: value for name, value in app.items() if not name.startswith("_") and name not in ("settings",)}
    if not coolify.has("4.3.0"):
        view.pop("noindex_domains")
    if not secrets:
        for name in SECRETS:
            view.pop(name)
    return {
        **view,
        "additional_servers_count": 0,
        "additional_networks_count": 0,
        "last_online_at": views.last_online_at(coolify, app),
        "server_status": views.server_status(coolify, app),
        "additional_servers": [],
        "destination": views.destination(coolify, app, nested_secrets),
    }


def brief(coolify: Coolify, app: Row, sensitive: bool) -> Row:
    """Inside an environment or a list of resources: with its number; the server's secrets stay hidden."""
    view = _shape(coolify, app, secrets=sensitive, nested_secrets=False)
    if sensitive and coolify.has("4.3.0"):
        view["domain_dns_statuses"] = None
    return view


def nested_application(coolify: Coolify, app: Row) -> Row:
    """Inside a deployment: nobody sees secrets there since 4.2.0, everybody before."""
    view = _shape(coolify, app, secrets=not coolify.has("4.2.0"), nested_secrets=False)
    return {**view, "environment": views.environment_up(coolify, app)}


def _single(call: Call, app: Row, whole: bool) -> Row:
    coolify = call.coolify
    view = _shape(coolify, app, secrets=call.sensitive, nested_secrets=call.sensitive)
    view.pop("id")
    if not call.sensitive:
        view.pop("private_key_id")
    if whole and coolify.has("4.2.0"):
        view["settings"] = dict(app["settings"])
        view["environment"] = views.environment_up(coolify, app)
    return views.ordered(view)


@route("GET", "/applications")
def list_applications(call: Call) -> t.Any:
    from .extras import tagged

    wanted, rows = call.input.get("tag"), call.coolify.owned("applications", call.team)
    if wanted:
        rows = tagged(call.coolify, wanted, call.team) or []
    rows = sorted(rows, key=lambda row: row["name"])
    return [_single(call, app, whole=False) for app in rows]


@route("GET", "/applications/<uuid>")
def read(call: Call) -> t.Any:
    return _single(call, call.find("applications", "Application"), whole=True)


@route("GET", "/applications/<uuid>/logs", "read", until="4.4.0")
@route("GET", "/applications/<uuid>/logs", "read+read:sensitive", since="4.4.0")
def logs(call: Call) -> t.Any:
    app = call.find("applications", "Application")
    if not app["status"].startswith("running"):
        refuse(400, "Application is not running.")
    return log_text(call, call.coolify.switches.outcomes.get(app["name"], {}).get("output", [f"line {number}" for number in range(1, 6)]))


def log_text(call: Call, lines: list[str]) -> Row:
    wanted = integer(call.input.get("lines", 100))
    if truthy(call.input.get("show_timestamps")) and call.input["show_timestamps"] != "false" and call.coolify.has("4.2.0"):
        lines = [f"{call.coolify.now()[:19]}.000000000Z {line}" for line in lines]
    return {"logs": "\n".join(lines[-min(wanted if wanted > 0 else 100, 10000) :])}


@route("DELETE", "/applications/<uuid>", "write", until="4.5.0")
@route("DELETE", "/applications/<uuid>", "write+deploy", since="4.5.0")
def delete(call: Call) -> t.Any:
    app = call.find("applications", "Application", dot="")
    app["_delete_flags"] = delete_flags(call)
    call.coolify.later(call.coolify.switches.delete_seconds, lambda: _gone(call.coolify, app))
    return {"message": "Application deletion request queued."}


def delete_flags(call: Call) -> dict[str, bool]:
    """As Coolify understood them; all are true unless told otherwise."""
    names = ("delete_volumes", "delete_connected_networks", "delete_configurations", "docker_cleanup")
    return {name: boolean(call.input.get(name), True) for name in names}


def _gone(coolify: Coolify, app: Row) -> None:
    from .extras import forget

    forget(coolify, app)
    for table in ("variables", "deployments"):
        key = {"owner_table": "applications", "owner_id": app["id"]} if table == "variables" else {"application_id": app["id"]}
        for row in coolify.rows(table, **key):
            coolify.remove(table, row)
    coolify.remove("applications", app)
