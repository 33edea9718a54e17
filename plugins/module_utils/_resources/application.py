# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications: the field table (applications.md 4.2) and what Coolify does beside writing fields."""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace

from .. import _deployment
from .._client import path, version_tuple
from .._context import Context, Module
from .._deployment import History
from .._errors import InputError, NotFoundByName, NotStored
from .._fields import (
    BOOL,
    COMMAS,
    FILE,
    INT,
    LINES,
    NAME,
    NEVER,
    OPTIONAL_INT,
    TEXT,
    UNKNOWN,
    URL_ARRAY,
    URLS,
    Change,
    Codec,
    Field,
    body,
    creation,
    declared,
    decoded,
    differences,
    encoded,
    json_map,
    normal_url,
    option_spec,
    shown,
    split,
    visible,
    without_tags,
)
from .._plan import Plan, Step, Undone
from . import deploy, recreate, tags
from . import variables as env
from .placement import matches, need, only
from .resource import (
    DEFAULT_UPDATE_SECRETS,
    DELETE_FLAGS,
    DELETE_SPEC,
    ONE_NAME,
    PLACEMENT_SPEC,
    WAIT_SPEC,
    Live,
    act,
    creation_place,
    creation_step,
    erase,
    find_place,
    halt,
    patch_step,
    placed,
    placement_differences,
    read_by_uuid,
    readable,
    refuse_create_only,
    removal,
    require_versions,
    restore_fields,
    unknown_yet,
    verify_stored,
)

TYPES: dict[str, tuple[str, ...]] = {
    # creation type -> what Coolify needs for it
    "public": ("git_repository", "git_branch", "build_pack"),
    "private-github-app": ("github_app_uuid", "git_repository", "git_branch", "build_pack"),
    "private-deploy-key": ("private_key_uuid", "git_repository", "git_branch", "build_pack"),
    "dockerfile": ("dockerfile",),
    "dockerimage": ("docker_registry_image_name",),
}
BUILD_PACKS = ("nixpacks", "static", "dockerfile", "dockercompose", "railpack")
WWW = ("both", "www", "non-www")


# --- codecs of single fields ---------------------------------------------------------------------------------------------------


def _one_slash(value: t.Any) -> str:
    return "/" + str(value).strip().lstrip("/")


def _watch_path(value: str) -> str:
    return ("!" + value[1:].lstrip("/")) if value.startswith("!") else value.lstrip("/")


def _repository(value: str) -> str:
    """What a repository is, however it is written: GitHub's web address and ``owner/repo`` are the same (applications.md 3.4)."""
    if value.startswith("git@"):
        return value
    return re.sub(r"\.git$", "", re.sub(r"^(https?://)?(www\.)?github\.com/", "", value.strip()).strip("/"))


def _label_lines(text: t.Any) -> tuple[str, ...]:
    """Coolify drops its own labels from the stored ones at each deployment, and stores them plain or as base64."""
    return tuple(line.strip() for line in decoded(text).splitlines() if line.strip() and not line.strip().startswith("coolify."))


def _compose_domains(value: t.Any) -> tuple[dict[str, t.Any], ...] | None:
    """The read form, a JSON string of a map, as the write form, without the services that have no domain."""
    services = json_map(value) or {}
    items = [
        {"name": name, "domain": (item or {}).get("domain"), "redirect": (item or {}).get("redirect")} for name, item in services.items()
    ]
    return tuple(item for item in items if item["domain"]) or None


def _compose_key(items: t.Iterable[dict[str, t.Any]]) -> dict[str, tuple[t.Any, str]]:
    return {item["name"]: (split(item.get("domain") or ""), item.get("redirect") or "both") for item in items if item.get("domain")}


def _given(items: t.Iterable[dict[str, t.Any]]) -> tuple[dict[str, t.Any], ...]:
    return tuple({name: value for name, value in item.items() if value is not None} for item in items)


DIRECTORY = Codec("str", from_api=_one_slash, from_option=lambda value: _one_slash(value) if value.strip() else "")
DOCKERFILE_PATH = Codec("str", from_api=str, from_option=lambda value: value.strip().rstrip("/"))
WATCH_PATHS = replace(LINES, key=lambda paths: tuple(map(_watch_path, paths)))
ALIASES = replace(COMMAS, key=lambda names: tuple(dict.fromkeys(re.sub(r"\s+", "-", name) for name in names)))
REPOSITORY = replace(TEXT, key=_repository)
LABELS = Codec(
    "list",
    from_api=_label_lines,
    to_api=lambda lines: encoded("\n".join(lines)),
    key=lambda lines: frozenset(_label_lines("\n".join(lines))),
    elements="str",
    from_option=tuple,
)
COMPOSE_DOMAINS = Codec("list", from_api=_compose_domains, to_api=list, key=_compose_key, from_option=_given, elements="dict")


# --- checks that spare a "500 Server Error" (applications.md T24) or a silent change of meaning ------------------------------------


def at_most(length: int) -> t.Callable[[t.Any], str | None]:
    def check(value: t.Any) -> str | None:
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        return f"longer than {length} characters, which Coolify's database cannot hold" if len(text) > length else None

    return check


def between(low: int, high: int) -> t.Callable[[int], str | None]:
    return lambda value: None if low <= value <= high else f"{value} is not between {low} and {high}"


def web_addresses(urls: t.Sequence[str]) -> str | None:
    wrong = [url for url in urls if not re.fullmatch(r"https?://[^\s`$;&|<>()\\]+", url, re.IGNORECASE)]
    return f"{', '.join(wrong)} is no http:// or https:// address" if wrong else None


def port_list(ports: t.Sequence[str]) -> str | None:
    return None if all(port.isdigit() for port in ports) else "expected port numbers"


def port_pairs(pairs: t.Sequence[str]) -> str | None:
    if not all(re.fullmatch(r"\d+:\d+", pair) for pair in pairs):
        return "expected host:container pairs of port numbers (no address, no /udp)"
    hosts = [pair.split(":")[0] for pair in pairs]
    return None if len(set(hosts)) == len(hosts) else "a host port occurs twice"


def _setting(name: str, **kw: t.Any) -> Field:
    """A flag that is written at top level and read under ``settings`` (since 4.2.0; absent before, so unknown)."""
    return Field(name, BOOL, read=f"settings.{name}", **kw)


SHORT = at_most(255)
FIELDS: tuple[Field, ...] = (
    # identity and source
    Field("name", NAME, clear=NEVER, check=SHORT),
    Field("description", NAME, check=SHORT),
    Field("git_repository", REPOSITORY, clear=NEVER, check=SHORT),
    Field("git_branch", clear=NEVER, check=SHORT),
    Field("git_commit_sha", clear="HEAD", empty=("HEAD",), check=SHORT),
    Field("build_pack", clear=NEVER, spec={"choices": list(BUILD_PACKS)}),
    Field("watch_paths", WATCH_PATHS),
    Field("preview_url_template", clear=NEVER, since="4.3.0", check=SHORT),
    # build and image
    Field("install_command", check=SHORT),
    Field("build_command", check=SHORT),
    Field("start_command", check=SHORT),
    Field("base_directory", DIRECTORY, empty=("/",)),
    Field("publish_directory", DIRECTORY, empty=("/",)),
    Field("dockerfile_location", DOCKERFILE_PATH, empty=("/Dockerfile",)),
    Field("dockerfile_target_build", on=("update",)),
    Field("static_image", clear=NEVER, check=SHORT),
    Field("docker_registry_image_name"),
    Field("docker_registry_image_tag"),
    Field("custom_nginx_configuration", FILE),
    _setting("is_static"),
    _setting("is_spa"),
    Field("use_build_server", BOOL, read="settings.is_build_server_enabled"),
    _setting("use_build_secrets", since="4.2.0"),
    _setting("disable_build_cache", since="4.2.0"),
    _setting("inject_build_args_to_dockerfile", since="4.2.0"),
    _setting("include_source_commit_in_build", since="4.2.0"),
    Field("docker_images_to_keep", INT, read="settings.docker_images_to_keep", since="4.2.0", check=between(0, 100)),
    _setting("is_git_submodules_enabled", since="4.2.0"),
    _setting("is_git_lfs_enabled", since="4.2.0"),
    _setting("is_git_shallow_clone_enabled", since="4.2.0"),
    _setting("is_preserve_repository_enabled"),
    _setting("is_env_sorting_enabled", since="4.2.0"),
    # domains, network, proxy
    Field("domains", URLS, read="fqdn", check=web_addresses),
    Field("noindex_domains", URL_ARRAY, since="4.3.0", clear=[], check=web_addresses),
    Field(
        "docker_compose_domains",
        COMPOSE_DOMAINS,
        clear=NEVER,
        spec={
            "options": {
                "name": {"type": "str", "required": True},
                "domain": {"type": "str"},
                "redirect": {"type": "str", "choices": list(WWW)},
            }
        },
    ),
    Field("redirect", clear=NEVER, spec={"choices": list(WWW)}),
    Field("ports_exposes", COMMAS, clear=NEVER, check=port_list),
    Field("ports_mappings", COMMAS, check=port_pairs),
    Field("custom_network_aliases", ALIASES),
    _setting("connect_to_docker_network"),
    _setting("is_force_https_enabled"),
    _setting("is_gzip_enabled", since="4.2.0"),
    _setting("is_stripprefix_enabled", since="4.2.0"),
    Field("custom_internal_name", read="settings.custom_internal_name", since="4.3.0", check=SHORT),
    _setting("is_consistent_container_name_enabled", since="4.3.0"),
    Field("is_http_basic_auth_enabled", BOOL),
    Field("http_basic_auth_username", clear=NEVER, check=SHORT),
    Field("http_basic_auth_password", secret=True, clear=NEVER),
    Field("custom_labels", LABELS, clear=NEVER, on=("update",)),
    _setting("is_container_label_escape_enabled"),
    # health check
    Field("health_check_enabled", BOOL),
    Field("health_check_type", clear=NEVER, spec={"choices": ["http", "cmd"]}),
    Field("health_check_command", check=at_most(1000)),
    Field("health_check_path", clear="/", empty=("/",)),
    Field("health_check_port", OPTIONAL_INT, check=between(1, 65535)),
    Field("health_check_host", clear=NEVER),
    Field("health_check_method", clear=NEVER, spec={"choices": ["GET", "HEAD", "POST", "OPTIONS"]}),
    Field("health_check_return_code", INT),
    Field("health_check_scheme", clear=NEVER, spec={"choices": ["http", "https"]}),
    Field("health_check_response_text", check=SHORT),
    Field("health_check_interval", INT),
    Field("health_check_timeout", INT),
    Field("health_check_retries", INT),
    Field("health_check_start_period", INT),
    # limits and runtime
    Field("limits_memory", clear="0", empty=("0",), check=SHORT),
    Field("limits_memory_swap", clear="0", empty=("0",), check=SHORT),
    Field("limits_memory_swappiness", INT, check=between(0, 100)),
    Field("limits_memory_reservation", clear="0", empty=("0",), check=SHORT),
    Field("limits_cpus", clear="0", empty=("0",), check=SHORT),
    Field("limits_cpuset", check=SHORT),
    Field("limits_cpu_shares", INT),
    Field("custom_docker_run_options", check=at_most(2000)),
    Field("max_restart_count", INT, since="4.3.0"),
    Field("stop_grace_period", OPTIONAL_INT, read="settings.stop_grace_period", since="4.2.0", check=between(1, 3600)),
    _setting("is_log_drain_enabled", since="4.3.0"),
    _setting("is_gpu_enabled", since="4.3.0"),
    Field("gpu_driver", read="settings.gpu_driver", since="4.3.0", clear=NEVER, check=SHORT),
    Field("gpu_count", read="settings.gpu_count", since="4.3.0", check=SHORT),
    Field("gpu_device_ids", read="settings.gpu_device_ids", since="4.3.0", check=SHORT),
    Field("gpu_options", read="settings.gpu_options", since="4.3.0"),
    # deployment hooks, compose, webhooks, flags
    Field("pre_deployment_command"),
    Field("pre_deployment_command_container", clear=NEVER, check=SHORT),
    Field("post_deployment_command"),
    Field("post_deployment_command_container", clear=NEVER, check=SHORT),
    Field("docker_compose_location", clear=None, empty=("/docker-compose.yaml",)),
    Field("docker_compose_custom_start_command", check=SHORT),
    Field("docker_compose_custom_build_command", check=SHORT),
    _setting("is_raw_compose_deployment_enabled", since="4.2.0"),
    Field("manual_webhook_secret_github", secret=True),
    Field("manual_webhook_secret_gitlab", secret=True),
    Field("manual_webhook_secret_bitbucket", secret=True),
    Field("manual_webhook_secret_gitea", secret=True),
    _setting("is_auto_deploy_enabled"),
    _setting("is_preview_deployments_enabled", since="4.2.0"),
    _setting("is_pr_deployments_public_enabled", since="4.2.0"),
)
BY_NAME = {row.name: row for row in FIELDS}
# A change of these does not reach the proxy's labels; one of REGENERATES in the same PATCH makes Coolify write them anew (T5)
STALE_LABELS = ("redirect", "is_force_https_enabled", "ports_exposes", "is_static")
REGENERATES = (
    "domains",
    "noindex_domains",
    "is_http_basic_auth_enabled",
    "http_basic_auth_username",
    "http_basic_auth_password",
    "is_gzip_enabled",
    "is_stripprefix_enabled",
)
# Coolify accepts these at creation and ignores them for images and pasted Dockerfiles (applications.md 3.4)
IGNORED_WITHOUT_GIT = ("is_static", "is_spa", "is_auto_deploy_enabled", "is_preserve_repository_enabled")
# A HEALTHCHECK in the Dockerfile overwrites these at each deployment (T13)
FROM_DOCKERFILE = ("health_check_interval", "health_check_timeout", "health_check_retries", "health_check_start_period")
WIPES = {
    # build pack -> what Coolify deletes when an application leaves it (T9), and what of that no request brings back
    "dockercompose": (("docker_compose_domains",), "the loaded compose file and the variables SERVICE_FQDN_* and SERVICE_URL_*"),
    "dockerfile": (("dockerfile_location", "dockerfile_target_build"), ""),
}
# Generated labels are the proxies', and name the application or are one of these
GENERATED_LABELS = ("enable=true", "http.middlewares.gzip.compress=true", "http.middlewares.redirect-to-https.redirectscheme.scheme=https")
DEPLOYING = (*deploy.STATES, "recreated")
"""States that end with a deployment."""
REASONS = (
    "domains are dropped when the server's proxy type is NONE; docker_compose_domains of services that the loaded compose file does not have; "
    "a deployment may have overwritten what the repository defines."
)


def configuration(answer: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Every readable, non-secret field under its option's name; what the server does not show is left out."""
    return visible(FIELDS, answer)


def view(live: Live) -> dict[str, t.Any]:
    """The application as a result shows it."""
    answer = live.answer or {}
    return {
        "uuid": live.uuid,
        **configuration(answer),
        "type": creation_type(answer),
        "status": answer.get("status"),
        **placed(answer, live.place),
    }


def creation_type(answer: t.Mapping[str, t.Any]) -> str | None:
    """How the application was created, as far as the answer tells; None when it does not."""
    if answer.get("build_pack") == "dockerimage":
        return "dockerimage"
    # The placeholder repository tells it where the token may not read the text
    if answer.get("dockerfile") or ("dockerfile" not in answer and answer.get("git_repository") == "coollabsio/coolify"):
        return "dockerfile"
    if str(answer.get("source_type")).endswith("GithubApp"):
        return "private-github-app" if answer.get("source_id") else "public"
    if "private_key_id" not in answer:
        return None
    return "public" if answer["private_key_id"] is None else "private-deploy-key"


# --- what the user wants --------------------------------------------------------------------------------------------------------


def split_image(options: dict[str, t.Any]) -> dict[str, t.Any]:
    """``nginx:1.27`` and ``repo@sha256:<hex>`` as Coolify stores them: name and tag apart (applications.md 3.7)."""
    image = options.get("docker_registry_image_name")
    match = re.fullmatch(r"(?P<name>.+@sha256|.*?[^:/][^:]*?):(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]*)", image.strip()) if image else None
    if not match or "/" in match["tag"]:
        return options
    if options.get("docker_registry_image_tag") not in (None, "", match["tag"]):
        raise InputError(
            f"docker_registry_image_name: it has the tag {match['tag']}, docker_registry_image_tag says {options['docker_registry_image_tag']}"
        )
    return {**options, "docker_registry_image_name": match["name"], "docker_registry_image_tag": match["tag"]}


def wanted_fields(ctx: Context, existing: dict[str, t.Any] | None) -> dict[str, t.Any]:
    """The canonical values of the mentioned fields, checked against each other."""
    options = split_image(ctx.options)
    if existing and not ctx.options.get("uuid"):
        options = {**options, "name": None}
    wanted = declared(FIELDS, options)
    kind = options.get("type") or creation_type(existing or {})
    if "build_pack" in wanted and kind in ("dockerimage", "dockerfile") and wanted["build_pack"] != kind:
        raise InputError(
            f"build_pack: an application of type {kind} has none to choose; leave it out, or delete it and create it with another type"
        )
    build_pack = wanted.get("build_pack") or (existing or {}).get("build_pack")
    if build_pack == "dockercompose" and "domains" in wanted:
        raise InputError("domains cannot be set for a dockercompose application; use docker_compose_domains, one entry per service")
    if build_pack and build_pack != "dockercompose" and "docker_compose_domains" in wanted:
        raise InputError(f"docker_compose_domains needs build_pack dockercompose, not {build_pack}")
    password = wanted.get("http_basic_auth_password")
    if password and len(password.encode()) > 31:
        ctx.client.require("4.5.0", "an http_basic_auth_password of more than 31 bytes")
    return wanted


# --- writing ----------------------------------------------------------------------------------------------------------------------


def bodies(changes: list[Change], answer: t.Mapping[str, t.Any], *, force: bool = False) -> list[dict[str, t.Any]]:
    """The PATCH bodies for these changes, in order; ``answer`` is the application before them.

    Apart and later goes what Coolify would otherwise overwrite: ports_exposes after is_static (which sets it to 80, T4), custom_labels
    after whatever regenerates labels (T6).
    """
    fields = body(changes)
    if "git_repository" in fields and str(answer.get("source_type")).endswith("GithubApp"):
        # A PATCH stores it verbatim, and an application with a GitHub source needs owner/repo (T14)
        fields["git_repository"] = re.sub(r"^(https?://)?(www\.)?github\.com/", "", fields["git_repository"]).strip("/")
    labels = fields.pop("custom_labels", None)
    batches = [fields]
    if fields.get("is_static") and "ports_exposes" in fields:
        batches.append({"ports_exposes": fields.pop("ports_exposes")})
    for batch in batches:
        _regenerate_labels(batch, fields.get("domains", answer.get("fqdn")), answer)
        if force and "domains" in batch:
            batch["force_domain_override"] = True
    if labels is not None:
        batches.append({"custom_labels": labels})
    return [batch for batch in batches if batch]


def _regenerate_labels(batch: dict[str, t.Any], domains: str | None, answer: t.Mapping[str, t.Any]) -> None:
    managed = (answer.get("settings") or {}).get("is_container_label_readonly_enabled", True)
    if (
        managed
        and domains
        and answer.get("build_pack") != "dockercompose"
        and set(batch) & set(STALE_LABELS)
        and not set(batch) & set(REGENERATES)
    ):
        batch["domains"] = domains
        # Saying again what is so already makes no new conflict, and must not fail because of an old one
        batch["force_domain_override"] = True


def _written(changes: list[Change], wanted: t.Mapping[str, t.Any], answer: t.Mapping[str, t.Any]) -> list[Change]:
    """The changes, and what has to be written with them although it is right now: Coolify overwrites it on the way.

    custom_labels after everything that makes Coolify generate labels, ports_exposes after is_static.
    """
    after = {change.field.name: change.after for change in changes}
    again = []
    ports = wanted.get("ports_exposes")
    if after.get("is_static") and ports not in (None, ("80",)) and "ports_exposes" not in after:
        again.append(Change(BY_NAME["ports_exposes"], ports, ports))
    labels = wanted.get("custom_labels")
    if labels is not None and "custom_labels" not in after and _regenerates([*changes, *again], answer):
        again.append(Change(BY_NAME["custom_labels"], labels, labels))
    return [*changes, *again]


def late_fields(kind: str, wanted: t.Mapping[str, t.Any]) -> set[str]:
    """What the creation request of this type would not take, or take and ignore."""
    late = {row.name for row in FIELDS if "create" not in row.on}
    if TYPES[kind][-1] != "build_pack":
        late |= set(IGNORED_WITHOUT_GIT)
    forced_80 = kind == "dockerfile" or wanted.get("is_static") or wanted.get("build_pack") == "dockercompose"
    if forced_80 and wanted.get("ports_exposes") not in (None, ("80",)):
        late.add("ports_exposes")
    return late & set(wanted)


def meant(ctx: Context) -> Live:
    return Live(ctx, "application", without_tags(ctx.options.get("name") or ctx.options["uuid"]), ctx.options.get("uuid"))


def plan(ctx: Context) -> Plan:
    """The module's function."""
    return plan_for(meant(ctx))


def plan_for(live: Live) -> Plan:
    """What takes the application to the declared state."""
    if live.ctx.options["state"] in DEPLOYING:
        live.ctx = replace(live.ctx, options=deploy.checked_options(live.ctx.options))
    ctx, options = live.ctx, live.ctx.options
    tags.check(ctx)
    astray = [name for name in ("rollback_to", "rollback_point") if options.get(name)]
    if astray and options["state"] != "rolled_back":
        raise InputError(f"{', '.join(astray)}: goes with state=rolled_back, not with state={options['state']}")
    result = Plan(seen=lambda: view(live) if live.read() else None)
    rows, history = locate(live)
    if options["state"] == "absent":
        return removal(live, result, configuration(live.answer)) if live.answer else result
    if live.answer is None and not options.get("type"):
        return unknown_yet(
            live,
            result,
            [row.name for row in FIELDS if options.get(row.name) is not None],
            # coolify_deploy creates nothing
            "type and what that needs" if "type" in options else "",
            live.place.environment["applications"] if live.place else None,
        )
    wanted = wanted_fields(ctx, live.answer)
    deployment = deploy.Deploy(live, result, history) if options["state"] in DEPLOYING else None
    if deployment and options["state"] == "recreated" and live.answer:
        if live.answer["name"] != recreate.successor(options.get("name") or ""):
            return plan_recreation(deployment, wanted, rows or [])
        live.name = wanted["name"] = without_tags(options["name"])
    if deployment and options["state"] == "rolled_back":
        wanted = deploy.plan_rollback(deployment, wanted, FIELDS)
    if live.answer is None:
        plan_creation(live, result, wanted)
    else:
        plan_update(live, result, wanted, deployment)
    touched = bool(result.steps)
    declared_variables, deleted = plan_variables(live, result, rows)
    tags.plan_tags(live, result)
    changes = len(result.steps)

    def check_stored() -> None:
        verify_stored(live, FIELDS, {name: value for name, value in wanted.items() if name not in drifting(live)}, REASONS)

    if deployment:
        deployment.stored = check_stored
        deploy.plan_deployment(deployment, wanted, rows or [], declared_variables, deleted)
    else:
        plan_state(live, result)

    def refresh() -> None:
        # Variables alone leave the application as it was
        if touched or len(result.steps) > changes:
            live.read()
            check_stored()
        result.resource, result.resource_id = view(live), live.uuid

    result.result = refresh
    return result


def locate(live: Live) -> tuple[list[dict[str, t.Any]] | None, History]:
    """Fill in what exists; returns its variables and its deployments where they are going to be needed."""
    ctx = live.ctx
    nothing = None, History()
    if not live.uuid:
        live.place = find_place(ctx)
        if live.place is None:
            return nothing
        there = live.place.environment["applications"]
        found = matches(there, live.name)
        if not found and ctx.options["state"] == "recreated":
            # A run that was interrupted after the deletion: the successor only lacks the name
            found = matches(there, recreate.successor(live.name))
        if not found:
            return nothing
        live.uuid = only(found, found[0]["name"], "application", live.place.words)["uuid"]
    state = ctx.options["state"]
    managed = state in DEPLOYING or (state != "absent" and any(ctx.options.get(name) for name in ("variables", "secrets", "purge")))
    target = env.Target.application(live.uuid, live.name)
    reads: list[t.Callable[[], t.Any]] = [
        lambda: read_by_uuid(live),
        (lambda: env.read(ctx.client, target)) if managed else (lambda: None),
        (lambda: _deployment.history(ctx, live.uuid or "")) if state in DEPLOYING else History,
    ]
    try:
        _found, rows, history = ctx.client.gather(*(reads if managed else reads[:1] + [lambda: None, History]))
    except NotFoundByName:
        if state == "absent":
            return nothing
        raise
    return rows, history


def drifting(live: Live) -> tuple[str, ...]:
    return FROM_DOCKERFILE if (live.answer or {}).get("custom_healthcheck_found") else ()


def plan_creation(live: Live, result: Plan, wanted: dict[str, t.Any]) -> None:
    ctx, options = live.ctx, live.ctx.options
    if options.get("uuid"):
        raise InputError("uuid names an existing application; leave it out to create one")
    kind = options["type"]
    need(options, TYPES[kind], f"creating an application of type {kind}")
    where = creation_place(live)
    late = late_fields(kind, wanted)
    changes = creation(FIELDS, wanted)
    require_versions(ctx, changes)
    at_once = creation_body(change for change in changes if change.field.name not in late)
    request = {**where, **at_once, "autogenerate_domain": ctx.flag("autogenerate_domain"), **_source(options, kind)}
    if "domains" in request or "docker_compose_domains" in request:
        request["force_domain_override"] = ctx.flag("force_domain_override")

    def look() -> dict[str, t.Any] | None:
        environment = ctx.client.get(path("projects", live.place.project["uuid"], live.place.environment["uuid"]))
        found = matches(environment["applications"], live.name)
        return only(found, live.name, "application", live.place.words) if found else None

    def fresh() -> dict[str, t.Any]:
        # Coolify's own answer, or the environment's view of it where the answer was lost
        made = live.created or {"domains": request.get("domains")}
        return {"fqdn": made.get("domains", made.get("fqdn")), "build_pack": wanted.get("build_pack")}

    action = f"create {live.words} of type {kind}{live.place.words if live.place else ''}"
    result.steps.append(creation_step(live, result, action, f"/applications/{kind}", request, look, **dict.fromkeys(DELETE_FLAGS, False)))
    rest = [change for change in changes if change.field.name in late]
    if rest:
        names = ", ".join(change.field.name for change in rest)
        result.steps.append(patch_step(live, f"set {names} of {live.words}, which creation does not take", lambda: bodies(rest, fresh())))
    after = shown(changes)["after"]
    result.merge_diff({"before": {}, "after": {"type": kind, **after}})
    result.resource = {
        "uuid": None,
        **after,
        "type": kind,
        "status": None,
        **placed({"destination": {"server": {"name": options["server"]}}}, live.place),
    }


def creation_body(changes: t.Iterable[Change]) -> dict[str, t.Any]:
    fields = body(changes)
    if str(fields.get("docker_registry_image_name", "")).endswith("@sha256"):
        # Creation parses the reference itself and appends this to the name of a 64-digit tag
        fields["docker_registry_image_name"] = fields["docker_registry_image_name"][: -len("@sha256")]
    return fields


def _source(options: t.Mapping[str, t.Any], kind: str) -> dict[str, t.Any]:
    given = {name: options[name] for name in ("github_app_uuid", "private_key_uuid") if name in TYPES[kind]}
    return {**given, **({"dockerfile": encoded(options["dockerfile"])} if kind == "dockerfile" else {})}


def plan_update(live: Live, result: Plan, wanted: dict[str, t.Any], deployment: deploy.Deploy | None = None) -> None:
    ctx, options, answer = live.ctx, live.ctx.options, live.answer
    result.resource_id, result.before, result.resource = live.uuid, configuration(answer), view(live)
    elsewhere = placement_differences(live, options)
    if deployment:
        # Where it has to be is judged by a gate, which can be overridden
        deployment.placement = tuple(item for item in elsewhere if item[0] in ("project", "environment"))
        elsewhere = [item for item in elsewhere if item not in deployment.placement]
    refuse_create_only(live.words, [*elsewhere, *source_differences(live, result)])
    changes = differences(FIELDS, {name: value for name, value in wanted.items() if name not in drifting(live)}, answer)
    changes = readable(result, changes, live.words, options.get("update_secrets", "always"))
    if drifting(live) and set(drifting(live)) & set(wanted):
        result.risk("low", f"the HEALTHCHECK of the Dockerfile sets {', '.join(drifting(live))}; they are left alone")
    if not changes:
        return
    _check_repository_host(changes, answer)
    require_versions(ctx, changes)
    written = _written(changes, wanted, answer)
    aside = _side_effects(written, result, answer)
    before = {change.field.name: change.before for change in (*written, *aside)}
    labels = BY_NAME["custom_labels"].found(answer)
    if labels is not UNKNOWN and _regenerates(written, answer):
        before["custom_labels"] = labels
    result.merge_diff(shown(aside))
    wiped = any(change.field.name == "build_pack" and change.before in WIPES for change in changes)
    names = ", ".join(change.field.name for change in changes)
    result.merge_diff(shown(changes))
    result.resource = {
        **result.resource,
        **{change.field.name: change.field.show(change.after) for change in changes if not change.field.secret},
    }
    force = ctx.flag("force_domain_override")
    result.steps.append(
        patch_step(
            live,
            f"set {names} of {live.words}",
            lambda: bodies(written, answer, force=force),
            lambda: restore_fields(live, FIELDS, before, lambda back: _bodies_back(back, live.answer)),
            f"set {names} of {live.words} as they were",
            destructive=wiped,
        )
    )
    if live.state == "running" and not deployment:
        result.details["redeploy_required"] = True
        result.risk("low", f"{live.words} keeps running with its old configuration until it is deployed again")


def _bodies_back(back: list[Change], answer: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """To undo: labels that Coolify generates along with the rest need not be written, which would make them look handwritten."""
    rest = [change for change in back if change.field.name != "custom_labels"]
    return bodies(rest if _regenerates(rest, answer) else back, answer, force=True)


def _side_effects(written: list[Change], result: Plan, answer: t.Mapping[str, t.Any]) -> list[Change]:
    """What Coolify changes by itself along with these changes: the diff says so, and an undo has to know it."""
    after = {change.field.name: change for change in written}
    aside = []
    ports = BY_NAME["ports_exposes"]
    if "is_static" in after and after["is_static"].after and "ports_exposes" not in after and ports.found(answer) != ("80",):
        aside.append(Change(ports, ports.found(answer), ("80",)))
    left = after["build_pack"].before if "build_pack" in after else None
    if left in WIPES:
        names, gone = WIPES[left]
        lost = [BY_NAME[name] for name in names if name not in after and BY_NAME[name].found(answer) is not None]
        aside += [Change(row, row.found(answer), None) for row in lost]
        told = ", ".join([*(row.name for row in lost), *([gone] if gone else [])])
        result.risk("high", f"changing build_pack away from {left} deletes what belongs to it{f': {told}' if told else ''}")
    own = own_labels(answer)
    if own and "custom_labels" not in after and _regenerates(written, answer):
        result.risk("high", f"Coolify generates the labels anew and drops {', '.join(own)}; declare custom_labels to keep them")
        aside.append(Change(BY_NAME["custom_labels"], own, ("generated by Coolify",)))
    return aside


def _regenerates(written: list[Change], answer: t.Mapping[str, t.Any]) -> bool:
    """Whether Coolify generates the labels anew when these are written."""
    managed = (answer.get("settings") or {}).get("is_container_label_readonly_enabled", True)
    return managed and any(set(batch) & set(REGENERATES) for batch in bodies(written, answer))


def own_labels(answer: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    """The labels that somebody wrote by hand, as far as the token may read them."""
    labels = BY_NAME["custom_labels"].found(answer)
    if labels in (None, UNKNOWN):
        return ()
    generated = ("caddy_", *(f"traefik.{text}" for text in GENERATED_LABELS))
    return tuple(line for line in labels if not line.startswith(generated) and not (line.startswith("traefik.") and answer["uuid"] in line))


def _check_repository_host(changes: list[Change], answer: t.Mapping[str, t.Any]) -> None:
    change = next((change for change in changes if change.field.name == "git_repository"), None)
    if change and str(answer.get("source_type")).endswith("GithubApp") and re.match(r"(\w+://(?!(www\.)?github\.com/)|git@)", change.after):
        raise InputError(
            f"git_repository: the application's source is GitHub and Coolify cannot change that; recreate it for {change.field.show(change.after)}"
        )


def source_differences(live: Live, result: Plan) -> list[tuple[str, t.Any, t.Any]]:
    """What only creation takes: type, dockerfile, and the key or GitHub app, which are read back as numbers."""
    options, answer, differing = live.ctx.options, live.answer, []
    kind = creation_type(answer)
    if options.get("type") and kind and options["type"] != kind:
        differing.append(("type", kind, options["type"]))
    if options.get("dockerfile") is not None:
        if "dockerfile" not in answer:
            result.risk("medium", "the token may not read dockerfile; whether it differs is not known")
        elif (answer["dockerfile"] or "").strip() != options["dockerfile"].strip():
            differing.append(("dockerfile", "another text", "the given text"))
    for option, read_key, find in (
        ("private_key_uuid", "private_key_id", lambda uuid: live.ctx.client.get(path("security", "keys", uuid))),
        ("github_app_uuid", "source_id", lambda uuid: only(live.ctx.client.items("/github-apps"), uuid, "GitHub app")),
    ):
        if options.get(option) is None:
            continue
        if read_key not in answer:
            result.risk("medium", f"the token may not read {read_key}; whether {option} differs is not known")
        elif find(options[option])["id"] != answer[read_key]:
            differing.append((option, "another one", options[option]))
    return differing


# --- deleted and created again --------------------------------------------------------------------------------------------------


def plan_recreation(deployment: deploy.Deploy, wanted: dict[str, t.Any], rows: list[dict[str, t.Any]]) -> Plan:
    """Replace the application by a successor that is as it was and as declared; the volumes stay. For state inside Coolify that no request
    mends. The successor is complete before the old one is deleted, so that until then everything can be undone and nothing gets lost."""
    live, result = deployment.live, deployment.plan
    ctx, options, answer, old = live.ctx, live.ctx.options, live.answer or {}, live.uuid or ""
    kind, where, variables = _refuse_recreation(live)
    target = env.Target.application("", live.name)
    changes = env.compare(
        env.Rows(rows), variables, target, purge=options["purge"], update_secrets=options["update_secrets"], preview=False
    )
    snapshot = recreate.take(live, [row for row in rows if row not in changes.deletes])
    if options.get("tags") is not None:
        snapshot = replace(snapshot, tags=tags.normal(options["tags"]))
    source, unknown = _source_again(live, kind)
    found = {row.name: row.found(answer) for row in FIELDS}
    known_since = version_tuple(ctx.client.version)
    unknown += [
        row.name
        for row in FIELDS
        if found[row.name] is UNKNOWN and row.name not in wanted and not (row.since and known_since < version_tuple(row.since))
    ]
    recreate.refuse_lost(live, [*unknown, *recreate.lost(snapshot, variables)])
    labels = own_labels(answer)
    fields = {
        row.name: value
        for row in FIELDS
        for value in [wanted.get(row.name, found[row.name])]
        # Labels that Coolify generates name the old uuid, and what the Dockerfile says comes with the deployment
        if (row.name in wanted or row.name not in ("custom_labels", *drifting(live))) and value is not UNKNOWN
        if value is not None or row.clear is not NEVER
    }
    name = fields.pop("name")
    at_once = ("ports_exposes", "docker_registry_image_tag", *TYPES[kind])
    request = {
        **{f"{part}_uuid": item["uuid"] for part, item in where.items()},
        **creation_body(change for change in creation(FIELDS, fields) if change.field.name in at_once),
        "name": recreate.successor(live.name),
        "autogenerate_domain": False,
        **source,
    }
    if kind == "public" and "://" not in request["git_repository"]:
        # Coolify keeps owner/repo and does not take that back
        request["git_repository"] = f"https://github.com/{request['git_repository']}"

    def look() -> dict[str, t.Any] | None:
        environment = ctx.client.get(path("projects", where["project"]["uuid"], where["environment"]["uuid"]))
        return next((item for item in environment["applications"] if item["name"] == request["name"]), None)

    def configure() -> None:
        had = BY_NAME["domains"].codec.key(found["domains"] or ())
        new = tuple(url for url in fields.get("domains") or () if normal_url(url) not in had)
        if new and not options["force_domain_override"]:
            # The old one still has its domains, so those are written with force; a conflict about these is a real one
            ctx.client.patch(live.path, {"domains": URLS.to_api(new)})
        undone = restore_fields(live, FIELDS, fields, lambda back: bodies(back, live.answer, force=True))
        if undone.lost:
            raise NotStored(f"{live.words}: Coolify did not store {', '.join(undone.lost)} of the successor", REASONS)
        if labels and "custom_labels" not in wanted:
            lines = tuple(line.replace(old, live.uuid or "") for line in found["custom_labels"])
            ctx.client.patch(live.path, {"custom_labels": LABELS.to_api(lines)})

    def delete() -> None:
        # The folder on the server stays as well: directories of it may be mounted
        erase(replace(live, uuid=old), delete_connected_networks=True)
        ctx.say(f"deleted {live.words} ({old}), its volumes stay")

    def rename() -> None:
        ctx.client.patch(live.path, {"name": name})
        ctx.say(f'the successor ({live.uuid}) has the name "{name}" now')

    creating = creation_step(
        live,
        result,
        f"create a successor of {live.words}, of type {kind}",
        f"/applications/{kind}",
        request,
        look,
        **dict.fromkeys(DELETE_FLAGS, False),
    )

    def uncreate() -> Undone:
        undone = creating.revert() if creating.revert else Undone(False)
        live.uuid = result.resource_id = old
        return undone

    left = look()
    if left:
        result.steps.append(_remove_left(live, left))
    storages = len(snapshot.volumes) + len(snapshot.files)
    previews = sum(bool(row.get("is_preview")) for row in rows)
    counted = f"{len(rows) - previews} variables{f' and {previews} of previews' if previews else ''}"
    taken = f"take a snapshot of {live.words}: configuration, {counted}, {storages} storages, {len(snapshot.tasks)} scheduled tasks"
    removal_step = Step(f"delete {live.words} ({old}) and keep its volumes", delete, estimate=10.0, destructive=True, keeps=True)
    result.steps += [
        Step(f"{taken}, {len(snapshot.tags)} tags", lambda: ctx.say(f"{taken}, {len(snapshot.tags)} tags"), passive=True),
        replace(creating, revert=uncreate),
        Step(f"restore the configuration of {live.words}", configure, estimate=1.0, revert=lambda: Undone(False)),
        *recreate.steps(live, snapshot, variables),
        removal_step,
        Step(f'give the successor the name "{name}"', rename),
    ]
    result.before, result.resource_id, result.resource = configuration(answer), old, view(live)
    result.point.update(snapshot.shown)
    result.merge_diff({"before": {"uuid": old}, "after": {"uuid": "a new one"}})
    result.merge_diff(shown(differences(FIELDS, wanted, answer)))
    if changes:
        result.merge_diff({"before": {"variables": changes.before}, "after": {"variables": changes.after}})
    result.risk("high", f"{live.words} is deleted, which cannot be undone; its volumes and its folder on the server stay")
    result.risk("medium", "it gets another uuid: webhooks, other tools and internal addresses that name the old one have to follow")
    result.risk("low", "its history of deployments, its previews and schedules of volume backups are not carried over")
    result.downtime = True
    result.downtime_reasons = ["the old one is deleted before the new one is deployed"]
    result.extra["variables"] = env.shown(env.Rows(rows), changes, variables, target)
    deploy.plan_deployment(deployment, wanted, rows, variables, changes.deletes)
    number = result.steps.index(removal_step)
    result.steps[number:] = recreate.points_of_no_return(live, result.steps[number:])

    def refresh() -> None:
        live.read()
        result.resource, result.resource_id = view(live), live.uuid

    result.result = refresh
    return result


def _refuse_recreation(live: Live) -> tuple[str, dict[str, dict[str, t.Any]], list[env.Variable]]:
    """(type, where it is, declared variables); raises for what cannot be recreated."""
    options, answer, client = live.ctx.options, live.answer or {}, live.ctx.client
    # Before it, an answer does not hold the settings
    client.require("4.2.0", "state=recreated")
    if answer.get("build_pack") == "dockercompose":
        raise InputError(
            f"{live.words} is a compose application: Coolify makes the names of its volumes from its uuid, so a new one would start with empty ones",
            "Move the data by hand; or delete and create it with state=absent and state=present.",
        )
    astray = [name for name in ("pull_request_id", "docker_tag") if options.get(name)]
    if astray:
        raise InputError(f"{', '.join(astray)}: goes with state=deployed, not with state=recreated")
    kind = creation_type(answer)
    differing = placement_differences(live, options)
    if kind and options.get("type") not in (None, kind):
        differing.append(("type", kind, options["type"]))
    refuse_create_only(live.words, differing)
    kind = kind or options.get("type")
    if kind is None:
        raise InputError(f"{live.words}: the token cannot see how it was created; give type")
    where = placed(answer, live.place)
    if not all(part["uuid"] for part in where.values()):
        raise InputError(f"{live.words}: Coolify does not tell where it is; give project and environment")
    if version_tuple(client.version) >= (4, 3, 0) and len(client.items(f"{live.path}/destinations")) > 1:
        raise InputError(
            f"{live.words} runs on several servers", "Detach the additional destinations in Coolify, and attach them afterwards."
        )
    env.need_declaration(options)
    return kind, where, env.declare(options, env.Target.application("", live.name))


def _remove_left(live: Live, left: dict[str, t.Any]) -> Step:
    """What an interrupted run began: a successor beside its predecessor has nothing of its own."""
    other = replace(live, uuid=left["uuid"], created={})
    action = f"delete the successor of {live.words} that an interrupted run left ({left['uuid']})"
    return Step(action, lambda: erase(other), estimate=10.0, revert=lambda: Undone(False), destructive=True)


def _source_again(live: Live, kind: str) -> tuple[dict[str, t.Any], list[str]]:
    """What only creation takes, from the options or from what the application was created with; and what of it cannot be seen."""
    options, answer, client = live.ctx.options, live.answer or {}, live.ctx.client
    if kind == "dockerfile":
        text = options.get("dockerfile") or answer.get("dockerfile")
        return ({"dockerfile": encoded(text)}, []) if text else ({}, ["dockerfile"])
    for option, key, where, types in (
        ("private_key_uuid", "private_key_id", "/security/keys", "private-deploy-key"),
        ("github_app_uuid", "source_id", "/github-apps", "private-github-app"),
    ):
        if kind == types:
            known = [item["uuid"] for item in client.items(where) if answer.get(key) is not None and item["id"] == answer[key]]
            uuid = options.get(option) or (known[0] if known else None)
            return ({option: uuid}, []) if uuid else ({}, [option])
    return {}, []


def plan_variables(live: Live, result: Plan, rows: list[dict[str, t.Any]] | None) -> tuple[list[env.Variable], list[dict[str, t.Any]]]:
    """Add the step that makes the variables true; returns the declared ones and the rows that go."""
    options = live.ctx.options
    env.need_declaration(options)
    if not any(options.get(name) for name in ("variables", "secrets", "purge")):
        return [], []
    kind = env.Target.application("", live.name)
    declared_variables = env.declare(options, kind)
    for key in env.weak_secrets(declared_variables):
        live.ctx.warn(f"secrets.{key} is shorter than {env.SHORT_SECRET} characters: Ansible blanks that text everywhere in this result")
    changes = env.add_to(
        result,
        live.ctx.client,
        lambda: env.Target.application(live.uuid or "", live.name),
        rows,
        declared_variables,
        purge=live.ctx.flag("purge"),
        update_secrets=options["update_secrets"],
    )
    result.extra["variables"] = env.shown(env.Rows(rows or []), changes, declared_variables, kind)
    if changes and live.state == "running" and options["state"] not in DEPLOYING:
        result.details["redeploy_required"] = True
        result.risk("low", f"changed variables reach {live.words} when it is deployed again")
    return declared_variables, changes.deletes


# --- started, stopped, restarted ----------------------------------------------------------------------------------------------------


def plan_state(live: Live, result: Plan) -> None:
    """The step that starts, stops or restarts; Coolify's start and restart queue a deployment."""
    ctx, state = live.ctx, live.ctx.options["state"]
    running = live.state == "running"
    if state == "started" and live.status.startswith("running:unhealthy"):
        result.risk("medium", f"{live.words} runs and is unhealthy")
    if state == "present" or (state == "started" and running) or (state == "stopped" and live.state in ("exited", "")):
        return
    alone = not result.steps
    verb = {"started": "start", "stopped": "stop", "restarted": "restart" if live.answer else "start"}[state]
    wait = ctx.flag("wait")

    def stop() -> None:
        if wait:
            halt(live, ctx.options["wait_timeout"], ctx.flag("docker_cleanup"))
        else:
            act(live, "stop", lambda: None, docker_cleanup=ctx.flag("docker_cleanup"))
            result.details["pending"] = f"GET /api/v1{live.path} until status begins with exited"

    def bring_up() -> None:
        deploy.bring_up(deploy.Deploy(live, result, History()), verb, alone=alone)

    result.steps.append(
        Step(f"{verb} {live.words}", stop if verb == "stop" else bring_up, estimate=10.0 if verb == "stop" else 120.0, keeps=True)
    )
    result.merge_diff({"before": {"status": live.status or None}, "after": {"status": state}})
    result.downtime_reasons = deploy.roll_reasons(live.answer or {}) if verb == "restart" else []
    result.downtime = result.downtime or verb == "stop" or bool(result.downtime_reasons)


OWN_SPEC: dict[str, t.Any] = {
    "type": {"type": "str", "choices": list(TYPES)},
    "github_app_uuid": {"type": "str"},
    "private_key_uuid": {"type": "str", "no_log": False},
    "dockerfile": {"type": "str"},
    "autogenerate_domain": {"type": "bool"},
    **{name: spec for name, spec in option_spec(FIELDS).items() if name != "name"},
    "variables": {"type": "dict"},
    "secrets": {"type": "dict", "no_log": True},
    "purge": {"type": "bool", "default": False},
    **tags.SPEC,
}
"""What one application is declared with, wherever it is."""
MODULE = Module(
    "coolify_app",
    {
        **PLACEMENT_SPEC,
        "state": {
            "type": "str",
            "choices": ["present", "absent", "started", "stopped", "restarted", *DEPLOYING],
            "default": "present",
        },
        **OWN_SPEC,
        "force_domain_override": {"type": "bool", "default": False},
        "update_secrets": DEFAULT_UPDATE_SECRETS,
        **WAIT_SPEC,
        **DELETE_SPEC,
        **deploy.SPEC,
    },
    plan=plan,
    returns="application",
    constraints=ONE_NAME,
)
DEPLOY_MODULE = Module(
    "coolify_deploy",
    {
        **{name: PLACEMENT_SPEC[name] for name in ("name", "uuid", "project", "environment")},
        "state": {"type": "str", "choices": list(deploy.STATES), "default": "deployed"},
        "confirm_destructive": DELETE_SPEC["confirm_destructive"],
        **WAIT_SPEC,
        **deploy.SPEC,
    },
    plan=plan,
    returns="application",
    constraints=ONE_NAME,
)
