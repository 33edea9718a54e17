# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real container registry (Debian's docker-registry) with users, and with an image in it.

    with Registry(folder, "127.0.0.1:5000", {"octocat": "secret"}) as registry:
        registry.seed("acme/shop", "1.0")

``certificate`` and ``key`` make it speak TLS. It needs apache2-utils and docker-registry.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml


class Registry:
    def __init__(self, folder: Path, address: str, users: dict[str, str], certificate: Path | None = None, key: Path | None = None) -> None:
        self.folder = folder / "registry"
        self.address = address
        self.users = users
        self.tls = {"tls": {"certificate": str(certificate), "key": str(key)}} if certificate else {}
        self.base = f"{'https' if certificate else 'http'}://{address}"

    def __enter__(self) -> Registry:
        (self.folder / "data").mkdir(parents=True)
        passwords = self.folder / "htpasswd"
        passwords.touch()
        for user, password in self.users.items():
            subprocess.run(["htpasswd", "-B", "-i", str(passwords), user], input=password, text=True, check=True, capture_output=True)
        config = {
            "version": 0.1,
            "log": {"accesslog": {"disabled": True}, "level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}, "delete": {"enabled": True}},
            "http": {"addr": self.address, "relativeurls": True, "secret": "of the lab", **self.tls},
            "auth": {"htpasswd": {"realm": "lab", "path": str(passwords)}},
        }
        (self.folder / "config.yml").write_text(yaml.safe_dump(config))
        self.log = (self.folder / "registry.log").open("wb")
        command = ["docker-registry", "serve", str(self.folder / "config.yml")]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.send("GET", "/v2/")
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"docker-registry does not start: {(self.folder / 'registry.log').read_text()[-2000:]}") from None
                time.sleep(0.1)

    def __exit__(self, *_args: object) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.log.close()

    def send(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body) of a request of the first user."""
        login = base64.b64encode(":".join(next(iter(self.users.items()))).encode()).decode()
        request = urllib.request.Request(f"{self.base}{path}", data, {"Authorization": f"Basic {login}", **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20, context=ssl._create_unverified_context()) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def seed(self, repository: str, tag: str = "latest") -> None:
        """Push the smallest image: an empty layer."""
        blobs = {}
        for name, content in (("config", b"{}"), ("layer", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00" + b"\x00" * 8)):
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            _status, headers, _body = self.send("POST", f"/v2/{repository}/blobs/uploads/", b"")
            place = headers["Location"]
            status, _headers, body = self.send(
                "PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", content, {"Content-Type": "application/octet-stream"}
            )
            if status != 201:
                raise RuntimeError(f"{repository}: {status} {body!r}")
            blobs[name] = {"digest": digest, "size": len(content)}
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        manifest = {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", **blobs["config"]},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", **blobs["layer"]}],
        }
        status, _headers, body = self.send(
            "PUT", f"/v2/{repository}/manifests/{tag}", json.dumps(manifest).encode(), {"Content-Type": kind}
        )
        if status != 201:
            raise RuntimeError(f"{repository}:{tag}: {status} {body!r}")

    def uploads(self) -> list[str]:
        """Uploads that were begun and neither finished nor cancelled. Of a cancelled one there remains an empty folder."""
        return sorted(path.parent.name for path in self.folder.glob("data/**/_uploads/*/startedat"))
