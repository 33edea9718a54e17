# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_site_check as a whole, on servers that speak HTTP and TLS."""

from __future__ import annotations

import datetime
import json
import ssl
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.selfhosted.coolify.plugins.modules import coolify_site_check
from ansible_collections.selfhosted.coolify.tests.unit.conftest import patch_module_args

NAME = "www.site.test"
PAGE = '<link rel="stylesheet" href="main.css"><img src="/moved.png"><script src="https://elsewhere.invalid/x.js"></script>'
STYLE = "@import 'deep/more.css'; body { background: url(big.png) }"
MORE = "a { background: url(../deepest.svg) }"


def pem_with_key(folder, name: str) -> str:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority of the test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(key.private_bytes(*plain) + made.public_bytes(serialization.Encoding.PEM))
    return str(path)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: t.ClassVar[dict[str, tuple[int, str, str]]] = {
        "/": (200, "text/html", PAGE),
        "/health": (200, "text/plain", "OK"),
        "/main.css": (200, "text/css", STYLE),
        "/deep/more.css": (200, "text/css", MORE),
        "/deepest.svg": (200, "image/svg+xml", "<svg/>"),
        "/big.png": (200, "image/png", "x" * 3_000_000),
        "/moved.png": (301, "/big.png", ""),
        "/round": (302, "/round", ""),
    }
    names: t.ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.names.append(self.headers["Host"])
        status, kind, text = self.answers.get(self.path, (404, "text/plain", "no"))
        self.send_response(status)
        self.send_header("Location" if status in (301, 302) else "Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Frame-Options", "SAMEORIGIN")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        try:
            self.wfile.write(text.encode())
        except OSError:
            pass  # who looks only at the beginning hangs up

    def log_message(self, *args: t.Any) -> None:
        pass


@pytest.fixture
def check(tmp_path, capsys):
    """`check(**options)` gives the module's result."""
    pem = pem_with_key(tmp_path, NAME)
    secure, plain = (ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"names": []})) for _server in range(2))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    asked: list[str] = []
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    plain.RequestHandlerClass.answers = {"/": (301, f"https://{NAME}/", "")}
    for server in (secure, plain):
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def check(**options: t.Any) -> dict[str, t.Any]:
        site = f"https://{NAME}:{secure.server_port}"
        args = {
            "site": site,
            "address": "127.0.0.1",
            "http_port": plain.server_port,
            "site_ca_path": pem,
            "external_assets": False,
            **options,
        }
        capsys.readouterr()
        with patch_module_args(args), pytest.raises(SystemExit):
            coolify_site_check.main()
        result = json.loads(capsys.readouterr().out)
        if "checks" in result:
            result["by"] = {item["check"]: item for item in result["checks"]}
        return result

    check.asked, check.hosts, check.port = asked, secure.RequestHandlerClass.names, secure.server_port
    yield check
    for server in (secure, plain):
        server.shutdown()
        server.server_close()


def test_a_site_before_dns_leads_to_it(check):
    result = check(status="running:healthy", issuer="authority of the test", headers={"X-Frame-Options": "SAMEORIGIN"})
    assert not result.get("failed") and result["passed"] and not result["changed"], result["msg"]
    assert {item["outcome"] for name, item in result["by"].items() if name != "console"} == {"passed"}
    # main.css, what it imports, what that shows, big.png and moved.png
    assert result["by"]["assets"]["seen"] == {"assets": 5, "absent_statuses": [404, 404]}
    assert set(check.asked) == {NAME} and set(check.hosts) == {f"{NAME}:{check.port}"}
    assert result["msg"] == f"https://{NAME}:{check.port}: 7 passed, 0 failed, 1 skipped"


def test_what_is_not_trusted_is_looked_at_all_the_same(check):
    result = check(site_ca_path=None)
    assert result["failed"] and result["failed_checks"] == ["certificate"]
    assert result["by"]["certificate"]["seen"]["issuer"] == "CN=Authority of the test" and result["by"]["assets"]["outcome"] == "passed"


def test_assets_elsewhere_and_redirects_in_a_circle(check):
    result = check(external_assets=True, pages=["/", "/round"], fail_on="never")
    assert not result.get("failed") and not result["passed"] and result["failed_checks"] == ["https", "assets"]
    assert "https://elsewhere.invalid/x.js" in result["by"]["assets"]["reason"] and result["by"]["assets"]["seen"]["elsewhere"]
    assert "redirects in a circle" in result["by"]["https"]["reason"]


def test_only_what_is_asked_for(check):
    result = check(checks=["redirect"])
    assert [item["check"] for item in result["checks"] if item["outcome"] == "passed"] == ["redirect"]
    assert result["by"]["redirect"]["seen"]["status"] == 301


def test_a_wrong_option_is_an_error(check):
    assert check(site="ftp://www.site.test")["msg"].startswith("site: it is no http:// or https:// address")
