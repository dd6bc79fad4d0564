"""The notifier's services once they are confined: what they can no longer do, and all that they still can."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import scop as scop_package
from fakes.attempts import ATTEMPTS
from fakes.command_line import scop
from fakes.confined_notifier import Scene
from fakes.homeserver import FakeHomeserver
from fakes.ordinary_user import ORDINARY, ROOT, as_ordinary_user, as_root, as_user
from fakes.private_ca import authority
from fakes.served_homeserver import served_homeserver
from scop.cli.matrix.notify_walls import Needs, end_when_names_move
from scop.net.faults import PermanentFailure
from scop.net.matrix import NetworkOptions
from scop.net.trust import web_trust

AUTHORITY = authority("an authority of this machine")
OTHER_UID = 64321  # nobody's


@dataclass
class Pages:
    """A home of packages, of which one has one version."""

    url: str = ""
    version: str = ""


@contextmanager
def home_of_packages() -> Iterator[Pages]:
    """Serve one until the block ends."""
    pages = Pages()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"version": pages.version}).encode())

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        pages.url = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield pages
        server.shutdown()
        thread.join()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Give a folder and a homeserver."""
    server = FakeHomeserver()
    server.register("bot")
    return Scene(tmp_path, server)


@pytest.mark.parametrize("user", [ROOT, ORDINARY])
def test_service_that_is_taken_over_can_do_nothing_else_and_goes_on(scene: Scene, user: str) -> None:
    """Files, programs, sockets, ports, the configuration beside the queue: all is refused; then it posts and edits.

    Who was root is no more than that, and says so.
    """
    scene.write()
    with served_homeserver(scene.server) as url:
        scene.log_in(url)
        with scene.running(as_user(user)) as service:
            assert (user == ROOT) == ("gave up all of root's rights" in str(service.begun))
            port = service.place.rpartition(":")[2]
            ends: dict[str, str] = json.loads(service.post({}, **{"x-attack": port}))
            assert {*ATTEMPTS, "change the configuration", "read another account"} <= ends.keys()
            assert {} == {name: end for name, end in ends.items() if not end.startswith("denied ")}
            assert "taken\n" == service.post({"project": "a", "pipeline": "1", "status": "running"})
            service.wait_for("notice.posted")
            assert "taken\n" == service.post({"project": "a", "pipeline": "1", "status": "passed"})
            service.wait_for("notice.posted")
        with scene.running(as_user(user)) as service:  # what was kept while confined is there
            service.post({"project": "a", "pipeline": "2", "status": "failed"})
            service.wait_for("notice.posted")
    assert ["🔵 a running", "* ✅ a passed", "❌ a failed"] == scene.messages("#ci:example.org")[:3]


def test_confined_service_lets_other_commands_have_the_account(scene: Scene) -> None:
    """While nothing is posted others speak for the account; the service and `listen` go on from what they did."""
    scene.write()
    with served_homeserver(scene.server) as url:
        scene.log_in(url)
        store = ("--store", str(scene.folder / "accounts"))
        with scene.running(as_ordinary_user()) as service:
            for number, words in enumerate(("one", "two")):
                service.post({"project": "a", "pipeline": str(number), "status": "failed"})
                service.wait_for("notice.posted")
                said = scop("matrix", "send", "#ci:example.org", words, *store)
                assert 0 == said.status, said.err
            heard = scop("matrix", "listen", "--once", *store)
            assert 0 == heard.status, heard.err
    assert ["❌ a failed", "one", "❌ a failed", "two"] == scene.messages("#ci:example.org")
    assert ["❌ a failed", "one", "❌ a failed"] == [
        line.rpartition(": ")[2] for line in heard.out.splitlines() if "@bot:example.org: " in line
    ][:3]


CURIOUS = """
import os, pathlib, subprocess, sys, venv
seen = []
for name in ("notifier.toml", "secret", "accounts/@bot:example.org/store", "notices.db", "roots.pem"):
    try:
        seen += [name] if pathlib.Path(sys.argv[1], name).read_bytes() else []
    except PermissionError:
        pass
try:
    pathlib.Path(sys.argv[1], "beside").touch()
except PermissionError:
    pass
pathlib.Path("mine").write_text("x")
here = os.getcwd() == os.environ["TMPDIR"]
venv.create("of its own")
subprocess.run(["of its own/bin/python", "-c", "import json"], check=True)
rights = next(int(line.split()[1], 16) for line in open("/proc/self/status") if line.startswith("CapEff"))
sys.exit(" ".join((*seen, os.environ["SCOP_VERSION"], os.environ.get("TOKEN", "none"), str(here), str(rights))))
"""


@pytest.mark.parametrize("user", [ROOT, ORDINARY])
def test_confined_watch_speaks_tls_encrypts_and_has_releases_tested(scene: Scene, user: str) -> None:
    """The machine's authorities are known and keys go up; the test runs, and sees neither what we keep nor secrets.

    It makes an environment of its own, and has no right of root, whoever started us.
    """
    with home_of_packages() as pages, served_homeserver(scene.server, AUTHORITY.leaf("localhost").server()) as url:
        (scene.folder / "roots.pem").write_text(AUTHORITY.pem)
        (scene.folder / "secret").write_text("a long secret")
        test = json.dumps([sys.executable, "-c", CURIOUS, str(scene.folder)])
        scene.write(
            f"""
            [hooks.github]
            forge = "github"
            secret_file = "secret"
            [rooms.dark]
            room = "#dark:example.org"
            encrypted = true
            [watch.numpy]
            home = "json"
            package = "numpy"
            url = "{pages.url}"
            test = {test}
            """
        )
        scene.log_in(url, NetworkOptions(tls=web_trust(str(scene.folder / "roots.pem"))))
        for pages.version in ("1.0", "1.1"):
            command = [*as_user(user), sys.executable, "-m", "scop.cli", "matrix", "notify", "watch", "--once"]
            done = subprocess.run(
                [*command, "-c", str(scene.folder / "notifier.toml")],
                env={**os.environ, "SSL_CERT_FILE": str(scene.folder / "roots.pem"), "TOKEN": "a secret of ours"},
                capture_output=True, text=True, check=False, timeout=120,
            )  # fmt: skip
            assert (0, "") == (done.returncode, done.stdout), done.stderr
        told = scene.messages("#ci:example.org")
        assert "roots.pem 1.1 none True 0" in [
            line.strip().removeprefix("test ") for each in told for line in each.splitlines()
        ], told
        assert {"encrypted"} == set(scene.messages("#dark:example.org"))


@pytest.mark.parametrize(
    ("place", "fix"),
    [("accounts", "chown -R"), ("accounts/@bot:example.org/store", "chown"), ("notices.db", "chown"), (".", "chown")],
)
def test_root_that_starts_over_files_of_others_reads_which_and_what_to_do(scene: Scene, place: str, fix: str) -> None:
    """Without its rights it cannot write them; it says so before it has written anything."""
    way = as_root()
    scene.write()
    with served_homeserver(scene.server) as url:
        scene.log_in(url)
    (scene.folder / "notices.db").touch()
    theirs = scene.folder / place
    theirs.chmod(0o700 if theirs.is_dir() else 0o600)
    os.chown(theirs, OTHER_UID, OTHER_UID)
    there = sorted(scene.folder.rglob("*"))
    assert (
        f"scop: {theirs} belongs to user {OTHER_UID}, and root, who gave up root's rights, may not use it: "
        f"start it as that user, or {fix} root {theirs}\n"
    ) == _refusal(way, scene.folder / "notifier.toml")
    assert there == sorted(scene.folder.rglob("*"))


def test_root_that_starts_a_program_of_others_reads_so(scene: Scene, tmp_path: Path) -> None:
    """Where they alone get at the program, it could not load what it needs later; it says so before."""
    way = as_root()
    scene.write()
    theirs = tmp_path / "theirs"
    shutil.copytree(Path(scop_package.__file__).parent, theirs / "scop", ignore=shutil.ignore_patterns("__pycache__"))
    theirs.chmod(0o700)
    os.chown(theirs, OTHER_UID, OTHER_UID)
    assert f"{theirs} belongs to user {OTHER_UID}, " in _refusal(way, scene.folder / "notifier.toml", str(theirs))


def _refusal(way: tuple[str, ...], config: Path, path: str = "") -> str:
    """Return what the service says that does not start."""
    command = [*way, sys.executable, "-m", "scop.cli", "matrix", "notify", "serve", "-c", str(config)]
    around = {**os.environ, **({"PYTHONPATH": path} if path else {})}
    ended = subprocess.run(command, env=around, capture_output=True, check=False, text=True, timeout=60)
    assert (2, "") == (ended.returncode, ended.stdout)
    return ended.stderr


@pytest.mark.parametrize(
    ("homeserver", "pages", "proxy", "ports", "names"),
    [
        ("http://127.0.0.1:8008", (), "", (8008,), False),
        ("http://localhost", (), "http://proxy.test:3128", (80,), False),
        ("https://matrix.example.org", (), "", (53, 443), True),
        ("https://matrix.example.org:8448", (), "", (53, 8448), True),
        ("https://matrix.example.org", (), "http://10.1.2.3:3128", (53, 443, 3128), True),
        ("http://127.0.0.1:8008", ("https://index.example.org/pypi/x/json",), "", (53, 443, 8008), True),
        ("http://127.0.0.1:8008", ("http://127.0.0.1:80/x",), "", (80, 443, 8008), False),
    ],
)
def test_needs_are_the_ports_that_are_dialled(
    homeserver: str,
    pages: tuple[str, ...],
    proxy: str,
    ports: tuple[int, ...],
    names: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of the homeserver, of pages, of a proxy; names are asked for where something is named."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", proxy)
    needs = Needs(Path("account"), Path("queue"), homeserver, pages=pages)
    assert (ports, names) == (needs.ports, needs.names)


def test_needs_of_a_login_by_oauth_are_where_tokens_are_renewed_too() -> None:
    """The server that gave the tokens is asked for new ones, at its own port or that of https."""
    homeserver, issuer = "https://matrix.example.org:8448", "https://auth.example.org:8443/"
    assert (53, 443, 8443, 8448) == Needs(Path("account"), Path("queue"), homeserver, issuer).ports


async def test_service_ends_when_the_list_of_name_servers_is_replaced(tmp_path: Path) -> None:
    """One that is changed in its place, or gone for a moment, can be read on; one that takes its place cannot."""
    file, new, looks = tmp_path / "resolv.conf", tmp_path / "new", 0
    file.write_text("nameserver 192.0.2.1")
    new.write_text("nameserver 192.0.2.2")

    async def pause(_seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            file.write_text("nameserver 192.0.2.3")
        elif looks == 3:
            new.replace(file)

    with pytest.raises(PermanentFailure, match="was replaced"):
        await end_when_names_move(file, pause)
    assert 3 == looks
