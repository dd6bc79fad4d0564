"""Whom `mail verify`, `spf check`, `dkim verify` and `dmarc check` ask for names, and a record of what they asked.

A master file answers for a whole world (`--zone`); else a server (`--server`), else the resolver of the running mesh,
else the server that this machine asks itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import click

from scop.base import Check, RemoteProtocolError, printable
from scop.cli.shared import Operator, config_option, print_table, with_operator
from scop.dns import Answer, Question, Rcode, StaticNames
from scop.dns.chain import answer_of, follow_aliases, negative_ttl
from scop.dns.message import Flag, Record, build_query, parse_message
from scop.dns.rdata import Rdata, read_rdata
from scop.dns.words import Security
from scop.mesh.config.resolver import server_place
from scop.mesh.vocabulary.resolver import ResolvedName, ResolvedRecord, ResolveName
from scop.net.dialer import tcp_dialer
from scop.net.dns_client import Names, drive
from scop.net.dns_exchange import exchange_datagram, exchange_stream
from scop.net.faults import TemporaryFailure
from scop.net.noted_names import Asked, NotedNames
from scop.supervisor.config_file import read_config
from scop.supervisor.layout import Layout

__all__ = ["NamesChoice", "asked_json", "asked_lines", "print_asked", "run_check", "run_with_names", "zone_names"]

RESOLV_CONF = Path("/etc/resolv.conf")
TTL_SECONDS = 300  # of records in a file that does not say
MAX_SHOWN = 300  # characters of one record, for people
MAX_KEY_SHOWN = 100  # of a key's, whose first words say what it is
MAX_RECORD = 1 << 18  # of one for programs: each of 65,535 octets may be written with four
_OWNER = re.compile(r"[^\s$()]+")  # in the first column
_QUOTED_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|;.*')

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class NamesChoice:
    """What the command line says about names."""

    zone: Path | None = None
    server: str = ""
    config: Path = field(default_factory=lambda: Path("scop.toml"))

    @staticmethod
    def options(command: Command) -> Command:
        """Add --zone, --server and --config to a command, which takes them as `zone`, `server` and `config`."""
        command = config_option(command)
        command = click.option("--server", default="", metavar="ADDR[:PORT]", help="Ask this server.")(command)
        zone = click.Path(exists=True, dir_okay=False, path_type=Path)
        return click.option("--zone", type=zone, help="A master file with all names there are, and its $ORIGIN.")(
            command
        )


def run_check(check: Check[Question, Answer, T], choice: NamesChoice) -> tuple[T, tuple[Asked, ...]]:
    """Drive one check; return its outcome and what was asked on the way."""
    return run_with_names(lambda names: drive(check, names), choice)


def run_with_names(work: Callable[[Names], Awaitable[T]], choice: NamesChoice) -> tuple[T, tuple[Asked, ...]]:
    """Run what asks names; return its outcome and what was asked on the way."""

    async def noted(names: Names) -> tuple[T, tuple[Asked, ...]]:
        noting = NotedNames(names)
        return await work(noting), tuple(noting.asked)

    if choice.zone is not None and choice.server:
        raise click.UsageError("--zone holds all names there are, and --server knows others; give one of them")
    if choice.zone is not None:
        return asyncio.run(noted(_Static(zone_names(choice.zone))))
    if choice.server:
        return asyncio.run(noted(_Server(_place(choice.server))))
    if _mesh_runs(choice.config):
        return with_operator(choice.config, lambda operator: noted(_Mesh(operator)))
    return asyncio.run(noted(_Server(_system_server())))


def zone_names(path: Path) -> StaticNames:
    """Read a master file, with names below the root; raises `click.ClickException` that names the line."""
    from scop.dns.zone.master_file import read_any_records

    try:
        text = path.read_text(encoding="utf-8")
        # Lenient: RFC 1035 §5.1 wants a TTL at least once; here nothing is kept long enough to need one
        records = read_any_records(text, "", default_ttl=TTL_SECONDS)
    except UnicodeDecodeError:
        raise click.ClickException(f"{path}: is not text in UTF-8, so no master file") from None
    except RemoteProtocolError as fault:
        raise click.ClickException(f"{path}: {fault}") from fault
    if not records:
        raise click.ClickException(
            f'{path}: holds no record; a line such as `lagoon.example. TXT "v=spf1 -all"` is one'
        )
    if (owner := _baseless(text)) is not None:
        fix = "write `$ORIGIN lagoon.example.` above it, or names in full that end with a dot"
        raise click.ClickException(f"{path}: no $ORIGIN says below which name {printable(owner)} is; {fix}")
    found: dict[tuple[str, str], list[Rdata]] = {}
    for record in records:
        found.setdefault((record.name, record.type), []).append(record.rdata)
    return StaticNames(found)


def _baseless(text: str) -> str | None:
    """Return a name of a master file that counts from an origin which the file does not name.

    A zone as servers keep it has its origin in their configuration. Read without it, its names are others, of which
    nobody asks, and each check would say that there is no record.
    """
    depth = 0
    for line in text.splitlines():
        bare = _QUOTED_OR_COMMENT.sub("", line)
        if bare.upper().startswith("$ORIGIN"):
            return None
        owner = _OWNER.match(bare)
        if not depth and owner and (owner[0] == "@" or "." not in owner[0]):
            return owner[0]
        depth += bare.count("(") - bare.count(")")
    return None


def asked_json(asked: tuple[Asked, ...]) -> list[dict[str, object]]:
    """Return what was asked for programs."""
    return [
        {
            "name": one.question.name,
            "type": one.question.type,
            "rcode": one.answer.rcode.name,
            "security": str(one.answer.security),
            "reason": printable(one.answer.reason, limit=MAX_SHOWN),
            "records": [_shown(record, limit=MAX_RECORD) for record in one.answer.records],
        }
        for one in asked
    ]


def asked_lines(asked: tuple[Asked, ...]) -> Iterator[str]:
    """Yield what was asked, a line each, for a picture."""
    for one in asked:
        texts = _texts(one)
        yield f"? {one.question.name} {one.question.type} ({one.answer.security}): {' | '.join(texts)}"


def print_asked(asked: tuple[Asked, ...]) -> None:
    """Print what was asked for people."""
    rows = [
        (one.question.name, one.question.type, str(one.answer.security), text) for one in asked for text in _texts(one)
    ]
    print_table(("question", "type", "names", "answer"), rows)


def _texts(one: Asked) -> list[str]:
    """Return the records of an answer, or in brackets what came instead and, where something failed, why."""
    answer = one.answer
    if answer.records:
        limit = MAX_KEY_SHOWN if "._domainkey." in one.question.name else MAX_SHOWN
        return [_shown(record, limit=limit) for record in answer.records]
    why = f": {printable(answer.reason, limit=MAX_SHOWN)}" if answer.reason and answer.rcode is Rcode.SERVFAIL else ""
    return [f"({answer.rcode.name}{why})"]


def _shown(record: Rdata, *, limit: int) -> str:
    from scop.dns.zone.master_file import rdata_text

    return printable(rdata_text(record), limit=limit)


class _Static:
    def __init__(self, names: StaticNames) -> None:
        self._names = names

    async def lookup(self, question: Question) -> Answer:
        return self._names.answer(question)


class _Server:
    """Asks one server by datagram, and by stream where the answer does not fit."""

    def __init__(self, place: tuple[str, int]) -> None:
        self._place = place

    async def lookup(self, question: Question) -> Answer:
        import secrets

        from scop.dns.asking import Server

        octets = build_query(question, secrets.randbits(16), flags=Flag.RECURSION_DESIRED | Flag.AUTHENTIC_DATA)
        try:
            message = parse_message(await exchange_datagram(Server(*self._place), octets))
            if message.is_truncated:
                message = parse_message(await exchange_stream(tcp_dialer(*self._place), octets))
        except (TemporaryFailure, RemoteProtocolError) as fault:
            return Answer(question, Rcode.SERVFAIL, reason=str(fault))
        return answer_of(question, message)


class _Mesh:
    """Asks the resolver of the running mesh, which says how sure each answer is."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    async def lookup(self, question: Question) -> Answer:
        try:
            resolved = await self._operator.caller("resolver").call(ResolveName(question.name, question.type))
        except TemporaryFailure as fault:
            return Answer(question, Rcode.SERVFAIL, reason=str(fault))
        return _answer(question, resolved)


def _answer(question: Question, resolved: ResolvedName) -> Answer:
    rcode, security = Rcode[resolved.rcode], Security(resolved.security)
    chain = follow_aliases(question, tuple(map(_record, resolved.answers)))
    records = tuple(record.rdata for record in chain.records)
    ttl = chain.ttl_seconds if records else negative_ttl(tuple(map(_record, resolved.authority)))
    return Answer(question, rcode, records, ttl, security, chain.name, resolved.reason)


def _record(one: ResolvedRecord) -> Record:
    return Record(one.owner, one.ttl_seconds, read_rdata(one.type, one.rdata))


def _mesh_runs(config: Path) -> bool:
    """Say whether the mesh of a configuration is up; without one there is none, unless somebody names it."""
    if not config.exists() and not _is_named("config"):
        return False
    return Layout(read_config(config)).door.exists()


def _is_named(parameter: str) -> bool:
    context = click.get_current_context(silent=True)
    source = context.get_parameter_source(parameter) if context else None
    return source in (click.core.ParameterSource.COMMANDLINE, click.core.ParameterSource.ENVIRONMENT)


def _place(server: str) -> tuple[str, int]:
    try:
        return server_place(server, 53)
    except ValueError as fault:
        raise click.UsageError(f"--server {fault}") from None


def _system_server() -> tuple[str, int]:
    try:
        lines = RESOLV_CONF.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for words in map(str.split, lines):
        if len(words) > 1 and words[0] == "nameserver":
            return words[1], 53
    raise click.ClickException(f"{RESOLV_CONF} names no server; say whom to ask by --server, or give names by --zone")
