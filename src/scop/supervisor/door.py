"""The door for the command line: a unix socket of mode 0600 that answers two questions to its owner.

`ReadStatus` says how the cells are; `Admit` hands out a short-lived leaf of the peer `operator`, with
which a command then opens pipes like any other peer. Both only to the uid that runs the mesh, or root.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec

from scop.mesh.identity import Leaf
from scop.net.faults import PermanentFailure, TemporaryFailure

__all__ = ["Admission", "Admit", "CellStatus", "Door", "MeshStatus", "ReadStatus", "knock"]

MAX_QUESTION_OCTETS = 4096
KNOCK_SECONDS = 5.0
_PEER_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


class ReadStatus(msgspec.Struct, frozen=True, tag="status"):
    """How are the cells?"""


class Admit(msgspec.Struct, frozen=True, tag="admit"):
    """Let me in as the operator."""


class CellStatus(msgspec.Struct, frozen=True):
    """How one cell is."""

    name: str
    job: str
    state: str
    pid: int
    port: int
    restarts: int
    ready_after_seconds: float
    up_seconds: float
    landlock_abi: int
    unconfined: tuple[str, ...]  # what the kernel lacks, in sentences
    reason: str


class MeshStatus(msgspec.Struct, frozen=True, tag="mesh"):
    """How the mesh is."""

    domain: str
    hostname: str
    supervisor_pid: int
    cells: tuple[CellStatus, ...]


class Admission(msgspec.Struct, frozen=True, tag="admission"):
    """What a command needs to open pipes as the operator."""

    domain: str
    leaf: Leaf
    places: dict[str, tuple[str, int]]


Question: TypeAlias = ReadStatus | Admit
Answer: TypeAlias = MeshStatus | Admission

_encode = msgspec.msgpack.Encoder().encode
_decode_question = msgspec.msgpack.Decoder(Question).decode
_decode_answer = msgspec.msgpack.Decoder(Answer).decode


class Door:
    """Answers at the unix socket."""

    def __init__(self, path: Path, status: Callable[[], MeshStatus], admit: Callable[[], Admission]) -> None:
        self._path = path
        self._status = status
        self._admit = admit
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen; a socket left over by a killed supervisor is replaced."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            with _short(self._path) as path:
                listener.bind(path)
        finally:
            os.umask(before)
        self._server = await asyncio.start_unix_server(self._answer, sock=listener)

    async def close(self) -> None:
        """Stop listening and take the socket away."""
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if _caller(writer) not in {0, os.geteuid()}:
                return
            question = _decode_question(await asyncio.wait_for(_read_all(reader), KNOCK_SECONDS))
            writer.write(_encode(self._status() if isinstance(question, ReadStatus) else self._admit()))
            await asyncio.wait_for(writer.drain(), KNOCK_SECONDS)
        except (msgspec.DecodeError, TimeoutError, ConnectionError):
            return  # whoever knocks badly learns nothing
        finally:
            writer.close()


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    """Return a whole question, cut at its bound."""
    octets = b""
    while (piece := await reader.read(MAX_QUESTION_OCTETS)) and len(octets) < MAX_QUESTION_OCTETS:
        octets += piece
    return octets


def _caller(writer: asyncio.StreamWriter) -> int:
    """Return the uid at the other end, as the kernel vouches for it."""
    connection = writer.get_extra_info("socket")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER_CREDENTIALS.size)
    _pid, uid, _gid = _PEER_CREDENTIALS.unpack(credentials)
    assert isinstance(uid, int)
    return uid


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """Yield another name of a socket: the kernel takes 107 octets, and a state folder may lie deep."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def knock(path: Path, question: Question) -> Answer:
    """Ask the supervisor behind a door; raises `TemporaryFailure` when no mesh is up there."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(KNOCK_SECONDS)
        try:
            with _short(path) as short:
                connection.connect(short)
            connection.sendall(_encode(question))
            connection.shutdown(socket.SHUT_WR)
            pieces = list(iter(lambda: connection.recv(65536), b""))
        except PermissionError:
            raise PermanentFailure(f"{path} is another user's mesh; ask as that user or as root") from None
        except OSError as error:
            raise TemporaryFailure(
                f"no mesh is up here ({path}: {error.strerror or error}); start it with `scop up`"
            ) from None
    if not pieces:
        raise PermanentFailure(f"{path} did not answer us: it serves only the user who runs the mesh, and root")
    answer: Answer = _decode_answer(b"".join(pieces))
    return answer
