# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The login of one user of this host to one registry: what is kept, whether it works, and Docker's own commands to change it.

The secret goes to Docker through its standard input. It is in no argument, no variable of the environment and no text that is returned.
"""

from __future__ import annotations

import base64
import json
import os
import pwd
import stat
import tempfile
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from .._fields import HIDDEN
from . import commands, registry
from .masking import clip, mask
from .registry import Check, Credential

IDENTITY = "<token>"
"""The user name under which credential helpers keep a registry's own token."""
# A CLI without an engine logs in by itself. Before version 25 it gives up instead where the engine may not be talked to
NO_ENGINE = "unix:///nonexistent/docker.sock"
NOT_FOUND = "credentials not found"


class LoginError(Exception):
    """What was tried and what came of it; ``facts`` are further keys of the result."""

    def __init__(self, message: str, advice: str | None = None, **facts: t.Any) -> None:
        super().__init__(message)
        self.advice = advice or registry.explain(message)
        self.facts = facts


@dataclass
class Outcome:
    """What a run found and did, or would do."""

    changed: bool
    action: str
    reason: str
    before: dict[str, t.Any]
    after: dict[str, t.Any]
    checks: list[Check]
    warnings: list[str] = field(default_factory=list)
    expires: datetime | None = None


def home() -> Path:
    """Where Coolify looks: its ``echo $HOME`` comes from a login, while sudo may leave the variable as it was."""
    return Path(pwd.getpwuid(os.geteuid()).pw_dir)


class Store:
    """Where one user's Docker keeps the login to one registry: config.json, or a program that it names."""

    def __init__(self, folder: Path, name: str, seconds: float) -> None:
        self.path = folder / "config.json"
        self.name = name
        self.key = registry.HUB_KEY if name == registry.HUB else name
        self.seconds = seconds
        self.content = self.read()

    def read(self) -> dict[str, t.Any]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8") or "{}")
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise LoginError(
                f"{self.path} cannot be read: {error.strerror}",
                "It has to belong to the user that Coolify connects with; somebody may have logged in with sudo. Correct its owner.",
            ) from None
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise LoginError(f"{self.path} is no configuration of Docker", "Correct or remove the file; Docker cannot read it either.")
        return content

    @property
    def helper(self) -> str | None:
        """The program's short name. An empty one for a registry means the file itself, whatever credsStore says."""
        helpers = self.content.get("credHelpers") or {}
        return (helpers[self.key] if self.key in helpers else self.content.get("credsStore")) or None

    @property
    def kept(self) -> list[str]:
        """The keys of the file under which there is something for this registry; old clients wrote addresses."""
        return [key for key in self.content.get("auths") or {} if key == self.key or registry.registry_name(key) == self.name]

    def found(self) -> Credential | None:
        """The login that Docker would use. Raises LoginError where the program that keeps it fails."""
        if self.helper:
            return self._ask_helper(self.helper)
        for key in sorted(self.kept, key=lambda key: key != self.key):
            login = _decoded(self.content["auths"][key] or {})
            if login:
                return login
        return None

    def _ask_helper(self, helper: str) -> Credential | None:
        program = f"docker-credential-{helper}"
        path = commands.which(program)
        if not path:
            raise LoginError(f"{self.path} names the program {program} to keep logins, and there is none on this host")
        answer = commands.run([path, "get"], self.seconds, given=self.key, environment={"HOME": str(home())})
        if not answer.fine:
            # Helpers write errors to their output
            if NOT_FOUND in f"{answer.out} {answer.err}".lower():
                return None
            raise LoginError(f"{program} get failed: {mask(clip(answer.out.strip() or answer.why))}")
        try:
            content = json.loads(answer.out)
            user, secret = content["Username"], content["Secret"]
        except (ValueError, KeyError, TypeError):
            raise LoginError(f"{program} get answered what no credential helper answers") from None
        return Credential(user, secret, user == IDENTITY) if secret else None

    def bypass(self) -> None:
        """Keep this registry's login in the file, whatever keeps the others."""
        self.content = self.read()
        self.content.setdefault("credHelpers", {})[self.key] = ""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".config.json.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(self.content, file, indent="\t")
        os.replace(temporary, os.path.realpath(self.path))

    def open_to_others(self) -> bool:
        try:
            return bool(self.path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
        except OSError:
            return False

    def describe(self, login: Credential | None, works: bool | None = None) -> dict[str, t.Any]:
        user = login.user if login else None
        return {"registry": self.name, "user": user, "config": str(self.path), "helper": self.helper, "works": works}


def _decoded(entry: t.Mapping[str, t.Any]) -> Credential | None:
    try:
        user, _colon, secret = base64.b64decode(entry.get("auth") or "").decode().partition(":")
    except ValueError:
        return None
    # Docker fills the password with zero bytes where it keeps the registry's own token beside it
    user, secret = user or entry.get("username") or "", secret.strip("\x00") or entry.get("password") or ""
    if entry.get("identitytoken"):
        return Credential(user, entry["identitytoken"], True)
    return Credential(user, secret) if secret else None


class Docker:
    """The two commands of Docker that change a login."""

    def __init__(self, folder: Path, key: str, seconds: float) -> None:
        self.folder, self.key, self.seconds = folder, key, seconds
        self.program = commands.which("docker")

    def login(self, wanted: Credential) -> None:
        self._run(["login", "--username", wanted.user, "--password-stdin"], wanted.secret)

    def logout(self) -> None:
        self._run(["logout"])

    def _run(self, words: list[str], secret: str | None = None) -> None:
        if not self.program:
            raise LoginError(
                "there is no program docker on this host", "Install Docker, or let Coolify install it by validating the server."
            )
        command = [self.program, "--config", str(self.folder), *words, self.key]
        # Credential helpers go by HOME
        environment = {"HOME": str(home())}
        answer = commands.run(command, self.seconds, given=secret, environment=environment)
        if not answer.fine and "ermission denied while trying to connect" in answer.err:
            answer = commands.run(command, self.seconds, given=secret, environment={**environment, "DOCKER_HOST": NO_ENGINE})
        if not answer.fine:
            said = " ".join(line.strip() for line in answer.err.splitlines() if line.strip() and not line.startswith("WARNING"))
            raise LoginError(f"docker {words[0]} {self.key} failed: {clip(mask(hidden(said or answer.why, secret)))}")


def hidden(text: str, secret: str | None) -> str:
    return text.replace(secret, HIDDEN) if secret else text


class Login:
    """One run, given the module's options."""

    def __init__(self, options: t.Mapping[str, t.Any], dry_run: bool) -> None:
        self.options, self.dry_run = options, dry_run
        self.name = registry.registry_name(options["registry"])
        self.folder = Path(options["config_dir"] or home() / ".docker")
        self.registry = registry.Registry(self.name, options["timeout"], options["validate_certs"], options["ca_path"])
        self.images = [registry.image(text) for text in options["images"]]
        self.store = Store(self.folder, self.name, options["timeout"])
        self.docker = Docker(self.folder, self.store.key, options["timeout"])
        self.expires: datetime | None = None

    def absent(self) -> Outcome:
        found, trouble = None, None
        try:
            found = self.store.found()
        except LoginError as error:
            trouble = error
        before = self.store.describe(found)
        if trouble and not self.store.kept:
            raise trouble
        if not found and not self.store.kept:
            return Outcome(False, "none", f"there is no login to {self.name}", before, before, [])
        if not self.dry_run:
            self.docker.logout()
            self.store.content = self.store.read()
            if self.store.kept or self.store.found():
                raise LoginError(f"docker logout {self.store.key} ended well, and {self.store.path} still has the login")
        who = found.user if found else "somebody"
        return Outcome(True, "logout", f"{who} was logged in", before, {**before, "user": None}, [])

    def present(self) -> Outcome:
        user, secret = self.options["username"], self.options["password"]
        wanted = Credential(user, secret) if secret else None
        found, why = self.existing(user)
        bypassing = bool(self.options["credential_helper"] == "bypass" and self.store.helper)
        before = self.store.describe(found)
        if bypassing:
            why = f"the login is kept by docker-credential-{self.store.helper} and not in the file that Coolify's build container reads"
        elif found and wanted and self.options["replace"] == "when_different" and not found.identity and found != wanted:
            why = "the login is another one than the given, though it may work"
        checks: list[Check] = []
        if not why and found:
            checks = self.checks(found)
            why = next((check.reason for check in checks if check.outcome == "failed"), "")
            before["works"] = not why
            if not why:
                return self.outcome("none", f"the login of {user} to {self.name} works", before, before, checks, wanted, found)
        if not wanted:
            raise LoginError(
                f"there is no login of {user} to {self.name} that works, and no password was given: {why}",
                next((check.advice for check in checks if check.outcome == "failed"), "Give the password or token, or log in by hand."),
                checks=checks,
            )
        if found != wanted or not checks:
            checks = self.checks(wanted)
        refused = [check for check in checks if check.outcome == "failed"]
        if refused:
            raise LoginError(
                f"the given login of {user} was not saved: {'; '.join(check.reason for check in refused)}", refused[0].advice, checks=checks
            )
        if not self.dry_run:
            self.save(wanted, bypassing)
        after = {**self.store.describe(wanted, works=True), **({"helper": None} if bypassing else {})}
        return self.outcome("login", why, before, after, checks, wanted, wanted)

    def existing(self, user: str) -> tuple[Credential | None, str]:
        """The login that is there, and why it cannot stay whether it works or not."""
        try:
            found = self.store.found()
        except LoginError as error:
            return None, str(error)
        if not found:
            return None, f"there is no login to {self.name}"
        # A helper keeps no name beside a token of the registry
        if found.user not in (user, IDENTITY):
            return found, f"{found.user} is logged in to {self.name}"
        return found, ""

    def checks(self, login: Credential) -> list[Check]:
        """Everything that was asked for, about one login. Nothing more is asked of a login that is refused."""
        try:
            done = [self.registry.accepts(login)]
            if self.options["scopes"]:
                done.append(self.scopes(login))
            if done[0].outcome != "failed":
                done += [self.registry.can_pull(image, login, self.options["image_must_exist"]) for image in self.images]
                if self.options["push"]:
                    done += [self.registry.can_push(image, login) for image in _repositories(self.images)]
        except registry.NoAnswer as error:
            raise LoginError(f"{self.name} could not be asked about the login of {login.user}: {error}") from None
        return done

    def scopes(self, login: Credential) -> Check:
        address = self.options["api_url"] or (registry.GITHUB if self.name == registry.GHCR else None)
        if not address:
            return Check("scopes", ", ".join(self.options["scopes"]), "skipped", f"{self.name} is not GitHub's, and api_url is not given")
        check, expires = registry.scopes(self.registry.web, address, login, self.options["scopes"])
        self.expires = expires
        return check

    def save(self, wanted: Credential, bypassing: bool) -> None:
        if bypassing:
            self.store.bypass()
        self.docker.login(wanted)
        self.store.content = self.store.read()
        if not self.store.helper and self.store.open_to_others():
            # Docker keeps the mode of a file that is there, and base64 hides nothing
            self.store.path.chmod(0o600)
        kept = self.store.found()
        if not kept or not (kept.identity or kept == wanted):
            raise LoginError(f"docker login {self.store.key} ended well, and {self.store.path} has not got the login")

    def outcome(
        self,
        action: str,
        reason: str,
        before: dict[str, t.Any],
        after: dict[str, t.Any],
        checks: list[Check],
        wanted: Credential | None,
        used: Credential,
    ) -> Outcome:
        warnings = []
        if after["helper"]:
            warnings.append(
                f"{self.store.path} keeps its logins with docker-credential-{after['helper']}. Coolify gives its build container the file and "
                "not that program, so applications cannot use this login; see credential_helper."
            )
        elif action == "none" and self.store.open_to_others():
            warnings.append(f"{self.store.path} can be read by other users of this host, and the token is in it. Use mode 0600.")
        if action == "none" and wanted and not used.identity and used != wanted:
            reason += ", with another token than the given one, which was left alone"
        if self.expires:
            days = (self.expires - datetime.now(timezone.utc)).days
            if days < registry.EXPIRES_SOON_DAYS:
                warnings.append(f"The token of {used.user} expires on {self.expires:%Y-%m-%d}, in {days} days.")
        return Outcome(action != "none", action, reason, before, after, checks, warnings, self.expires)


def _repositories(images: t.Iterable[registry.Image]) -> list[registry.Image]:
    """One image of each repository."""
    return list({image.repository: image for image in images}.values())
