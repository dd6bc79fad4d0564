"""A real homeserver, Synapse: one, or several that federate, on loopback in a folder while a block runs."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from fakes.mesh import loopback_listener
from fakes.private_ca import Authority, authority

__all__ = ["PASSWORD", "Synapse", "chat_python", "running_again", "running_synapse", "running_synapses"]

PASSWORD = "correct horse battery staple"
PATIENCE_SECONDS = 90.0
_ROOT = Path(__file__).resolve().parents[2]
_COMMAND = ("-m", "synapse.app.homeserver", "-c")
_SECRET = "the registration secret of a test"
_NUMBERS = count(1)
_EVER_SO_MANY = {"per_second": 100_000, "burst_count": 100_000}
_NO_LIMITS: Mapping[str, object] = {
    "rc_message": _EVER_SO_MANY,
    "rc_registration": _EVER_SO_MANY,
    "rc_login": {"address": _EVER_SO_MANY, "account": _EVER_SO_MANY, "failed_attempts": _EVER_SO_MANY},
    "rc_joins": {"local": _EVER_SO_MANY, "remote": _EVER_SO_MANY},
    "rc_joins_per_room": _EVER_SO_MANY,
    "rc_invites": {"per_room": _EVER_SO_MANY, "per_user": _EVER_SO_MANY, "per_issuer": _EVER_SO_MANY},
    "rc_room_creation": _EVER_SO_MANY,
    "rc_key_requests": _EVER_SO_MANY,
    "rc_presence": {"per_user": _EVER_SO_MANY},
    "rc_admin_redaction": _EVER_SO_MANY,
    "rc_3pid_validation": _EVER_SO_MANY,
    "rc_delayed_event_mgmt": _EVER_SO_MANY,
    "rc_user_directory": _EVER_SO_MANY,
    "rc_reports": _EVER_SO_MANY,
    "rc_media_create": _EVER_SO_MANY,
}


def chat_python() -> Path:
    """Return the Python of the environment that has Synapse and matrix-nio; fails aloud where it is absent."""
    place = _ROOT / ".venv/chat-peers"
    if not (place / ".installed").exists():
        pytest.fail("PEER MISSING: matrix-synapse and matrix-nio; `make interop` installs them")
    return place / "bin/python"


@dataclass(frozen=True, slots=True)
class Synapse:
    """A homeserver that runs."""

    server_name: str
    url: str  # where clients ask
    authority: Authority  # whom federation trusts
    folder: Path
    process: subprocess.Popen[bytes]

    def new_user(self, word: str = "user", *, admin: bool = False) -> str:
        """Register a user whose name begins with `word` and who has PASSWORD; return the user id."""
        name = f"{word}{next(_NUMBERS)}"
        nonce = str(self._call("/_synapse/admin/v1/register")["nonce"])
        parts = (nonce, name, PASSWORD, "admin" if admin else "notadmin")
        proof = hmac.new(_SECRET.encode(), "\0".join(parts).encode(), hashlib.sha1).hexdigest()
        asked = {"nonce": nonce, "username": name, "password": PASSWORD, "admin": admin, "mac": proof}
        return str(self._call("/_synapse/admin/v1/register", asked)["user_id"])

    def _call(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
        octets = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self.url + path, octets, timeout=60) as answer:
            found: dict[str, object] = json.load(answer)
            return found

    @property
    def log(self) -> str:
        """What it has written."""
        return (self.folder / "homeserver.log").read_text(encoding="utf-8")


@contextmanager
def running_synapse(settings: Mapping[str, object] | None = None) -> Iterator[Synapse]:
    """Run one until the block ends. It limits nothing unless `settings` (keys of its homeserver.yaml) say so."""
    with running_synapses(1, settings) as (one,):
        yield one


@contextmanager
def running_synapses(number: int, settings: Mapping[str, object] | None = None) -> Iterator[tuple[Synapse, ...]]:
    """Run several that federate with each other until the block ends."""
    python = chat_python()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scop-synapse-")))
        folders = [place / str(each) for each in range(number)]
        servers = [stack.enter_context(_begun(python, folder, settings or {})) for folder in folders]
        for server in servers:
            _await(server)
        yield tuple(servers)


def _free_ports() -> tuple[int, int]:
    with loopback_listener() as one, loopback_listener() as other:
        return int(one.getsockname()[1]), int(other.getsockname()[1])


@contextmanager
def _begun(python: Path, folder: Path, settings: Mapping[str, object]) -> Iterator[Synapse]:
    folder.mkdir()
    client_port, tls_port = _free_ports()
    root = authority("a root of homeservers")
    _write_settings(folder, client_port, tls_port, settings, root)
    command = [str(python), *_COMMAND, str(folder / "homeserver.yaml")]
    subprocess.run([*command, "--generate-keys"], env=_around(folder), cwd=folder, check=True, capture_output=True)
    with _process(command, folder) as process:
        yield Synapse(
            f"localhost:{tls_port}",
            f"http://127.0.0.1:{client_port}",
            root,
            folder,
            process,
        )


def _around(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONUNBUFFERED": "1"}


@contextmanager
def _process(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "stdout").open("ab") as out:
        process = subprocess.Popen(command, env=_around(folder), cwd=folder, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)


@contextmanager
def running_again(server: Synapse) -> Iterator[None]:
    """Run one that was killed again, until the block ends; whoever asks it waits until it answers."""
    with _process([str(chat_python()), *_COMMAND, str(server.folder / "homeserver.yaml")], server.folder):
        yield


def _await(server: Synapse) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            server._call("/_matrix/client/versions")
        except OSError:
            pass
        else:
            return
        said = (server.folder / "stdout").read_text(errors="replace")
        assert server.process.poll() is None, f"Synapse ended: {said[-2000:]}"
        assert time.monotonic() < deadline, f"Synapse does not answer: {said[-2000:]}"
        threading.Event().wait(0.05)


def _write_settings(
    folder: Path, client_port: int, tls_port: int, settings: Mapping[str, object], root: Authority
) -> None:
    leaf = root.leaf("localhost")
    (folder / "ca.pem").write_text(root.pem)
    pem = (each.public_bytes(serialization.Encoding.PEM) for each in (leaf.certificate, *leaf.above))
    (folder / "tls.pem").write_bytes(b"".join(pem))
    none = serialization.NoEncryption()
    key = leaf.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)
    (folder / "tls.key").write_bytes(key)
    handlers = {"file": {"class": "logging.FileHandler", "filename": str(folder / "homeserver.log")}}
    log = {"version": 1, "handlers": handlers, "root": {"level": "WARNING", "handlers": ["file"]}}
    (folder / "log.yaml").write_text(json.dumps({**log, "disable_existing_loggers": False}))
    loopback = {"bind_addresses": ["127.0.0.1"], "type": "http", "x_forwarded": False}
    federation = [{"names": ["client", "federation", "keys", "media"], "compress": False}]
    written = {
        "server_name": f"localhost:{tls_port}",
        "public_baseurl": f"http://127.0.0.1:{client_port}/",
        "pid_file": str(folder / "homeserver.pid"),
        "report_stats": False,
        "signing_key_path": str(folder / "signing.key"),
        "log_config": str(folder / "log.yaml"),
        "media_store_path": str(folder / "media"),
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "registration_shared_secret": _SECRET,
        "macaroon_secret_key": "a macaroon",
        "form_secret": "a form",
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "bcrypt_rounds": 4,  # of a test; it takes 12 otherwise
        "listeners": [
            {**loopback, "port": client_port, "tls": False, "resources": [{"names": ["client"], "compress": False}]},
            {**loopback, "port": tls_port, "tls": True, "resources": federation},
        ],
        "tls_certificate_path": str(folder / "tls.pem"),
        "tls_private_key_path": str(folder / "tls.key"),
        "federation_custom_ca_list": [str(folder / "ca.pem")],
        "ip_range_blacklist": [],
        "federation_ip_range_blacklist": [],
        "trusted_key_servers": [],
        "serve_server_wellknown": False,
        "allow_public_rooms_over_federation": True,
        "room_list_publication_rules": [{"action": "allow"}],
        "presence": {"enabled": True},
        **_NO_LIMITS,
        **settings,
    }
    (folder / "homeserver.yaml").write_text(json.dumps(written))  # JSON is YAML
