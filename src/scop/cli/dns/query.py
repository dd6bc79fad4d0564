"""`scop dns query`: what a name resolves to, by which steps, and why the answer is secure."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from scop.cli.dns.query_shown import print_resolved, resolved_json
from scop.cli.dns.told import Told, told_options
from scop.cli.shared import COULD_NOT, IS_NO, ask, config_option, json_option, print_json
from scop.dns.answer import Question
from scop.mesh.vocabulary.resolver import ResolvedName, ResolveName

__all__ = ["query"]


@click.command(short_help="Resolve a name, and see by which steps and why it is secure.")
@click.argument("name")
@click.argument("type_", metavar="[TYPE]", default="A")
@click.option("--trace", is_flag=True, help="Find it out anew, from the root down, and show every step.")
@click.option("--server", default="", metavar="ADDR[:PORT]", help="Ask this server instead.")
@click.option("--tls", is_flag=True, help="Ask the server by DNS over TLS, whoever it is.")
@told_options
@config_option
@json_option
def query(
    *, name: str, type_: str, trace: bool, server: str, tls: bool, told: Told, config: Path, as_json: bool
) -> None:
    """Resolve NAME by the running mesh's resolver.

    With --server that server is asked; with --root-hints or another option of the resolver it is resolved here, from
    the root down.

    Status 0: there is an answer; 1: there is none, or it is bogus; 2: nobody could say.
    """
    question = _question(name, type_)
    if tls and not server:
        raise click.UsageError("--tls is for --server")
    if server and (trace or told.says_anything):
        raise click.UsageError("--server asks one server; a trace and its options go from the root down")
    if server:
        resolved = _by_server(question, server, tls=tls)
    elif told.says_anything:
        resolved = _alone(question, told)
    else:
        resolved = ask(config, "resolver", ResolveName(question.name, question.type, trace))
    if as_json:
        print_json(resolved_json(question, resolved))
    else:
        print_resolved(question, resolved, steps=trace)
    sys.exit(_status(resolved))


def _question(name: str, type_: str) -> Question:
    try:
        return Question(name, type_.upper())
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None


def _status(resolved: ResolvedName) -> int:
    if resolved.security == "bogus":
        return IS_NO
    if resolved.rcode not in ("NOERROR", "NXDOMAIN"):
        return COULD_NOT
    # An alias that leads to nothing of the type is no answer either.
    return 0 if resolved.answers and not any(record.type == "SOA" for record in resolved.authority) else IS_NO


def _by_server(question: Question, server: str, *, tls: bool) -> ResolvedName:
    from scop.cli.dns.query_server import ask_server
    from scop.mesh.config.resolver import server_place

    try:
        place = server_place(server, 853 if tls else 53)
    except ValueError as fault:
        raise click.UsageError(f"--server {fault}") from None
    return asyncio.run(ask_server(question, place, tls=tls))


def _alone(question: Question, told: Told) -> ResolvedName:
    from scop.cells.resolver.recursion import Surroundings
    from scop.cells.resolver.told import traced
    from scop.net.clock import SystemClock
    from scop.net.dns_upstream import Upstream
    from scop.net.log import Log

    settings, belief = told.read()

    async def main() -> ResolvedName:
        surroundings = Surroundings(Upstream().exchange, SystemClock(), Log("query", lambda _line: None))
        return await traced(question, settings, belief, surroundings)

    return asyncio.run(main())
