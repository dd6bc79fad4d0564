"""A small cell that confines itself, attacks, and then shows that it still works; prints JSON.

Run as a program: `python confined.py STATE_FOLDER UNGRANTED_PORT [UID]`. It is what a real cell is: a
pipe server under uvloop, a thread, a database. Everything it needs is imported and opened first.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
import sys
import threading
from pathlib import Path

import uvloop

from fakes.attempts import ATTEMPTS, connect_attempts
from fakes.mesh import DOMAIN, KeptLog, identity_of, loopback_listener
from scop.mesh.authority import Authority
from scop.mesh.calls import Call, Caller, CallServer
from scop.mesh.confine import ConfinementReport, Rules, confine, preload_charsets
from scop.mesh.pipes import PipeIdentity, PipeInlet, pipe_dialer
from scop.mesh.protocol import PipeProtocol
from scop.net.peer import Peer


class Echo(Call[str], frozen=True):
    """Say it again."""

    text: str


async def _echo(question: Echo, peer: Peer) -> str:
    return f"{question.text} {peer.cell} {peer.tls.split()[0]}"


async def _talk(authority: Authority, listener: socket.socket) -> str:
    """Serve a pipe and call over it, before and after new certificates."""
    kept = KeptLog()
    keeper, relay = identity_of(authority, "keeper"), identity_of(authority, "relay")
    inlet = PipeInlet(listener, keeper, {"relay": PipeProtocol.CALL}, kept.log())
    await inlet.serve({PipeProtocol.CALL: lambda peer: CallServer(peer, {Echo: _echo}, kept.log())})
    said = [await _ask(relay, listener, "before")]
    keeper.rotate(authority.leaf("keeper"))
    relay.rotate(authority.leaf("relay"))
    said.append(await _ask(relay, listener, "after"))
    await inlet.close()
    return ", ".join(said)


async def _ask(identity: PipeIdentity, listener: socket.socket, text: str) -> str:
    caller = Caller(pipe_dialer(identity, "keeper", "127.0.0.1", listener.getsockname()[1]))
    try:
        return await caller.call(Echo(text))
    finally:
        await caller.close()


def _thread() -> str:
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append("ran"))
    thread.start()
    thread.join()
    return said[0]


def _database(folder: Path) -> str:
    """Write durably, as the queue and the mailbox do."""
    database = sqlite3.connect(folder / "rows.db")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    with database:
        database.execute("CREATE TABLE rows (text)")
        database.execute("INSERT INTO rows VALUES ('kept')")
    (text,) = database.execute("SELECT text FROM rows").fetchone()
    database.close()
    return str(text)


def _ids() -> list[int]:
    return sorted({os.getuid(), os.geteuid(), os.getgid(), os.getegid()})


def _capabilities() -> list[str]:
    """Return which sets of capabilities of this process are not empty."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return [line.split(":")[0] for line in lines if line.startswith("Cap") and int(line.split()[1], 16)]


def _confine(state: Path, port: int, uid: int | None) -> ConfinementReport:
    rules = Rules(
        read_paths=("/proc/self/status",),
        write_paths=(str(state),),
        connect_ports=(port,),
        uid=uid,
        gid=uid,
    )
    return confine(rules)


def main(folder: str, ungranted_port: str, uid: str = "") -> None:
    """Live the life of a cell."""
    state = Path(folder)
    authority = Authority(DOMAIN)
    listener = loopback_listener()
    preload_charsets()
    report = _confine(state, listener.getsockname()[1], int(uid) if uid else None)
    tried = connect_attempts(int(ungranted_port))
    said = {
        "report": {"missing": report.missing, "landlock_abi": report.landlock_abi},
        "attempts": {name: attempt() for name, attempt in {**ATTEMPTS, **tried}.items()},
        "ids": _ids(),
        "capabilities": _capabilities(),
        "uvloop": uvloop.run(_talk(authority, listener.dup())),
        "asyncio": asyncio.run(_talk(authority, listener.dup())),
        "thread": _thread(),
        "database": _database(state),
        "charset": b"\xb0\xa1".decode("gb2312"),
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
