"""`scop spam milter`: a filter that Postfix and Sendmail ask while they take mail."""

from __future__ import annotations

import math
from pathlib import Path

import click

from scop.cli.foreground import asked_to_end, run_to_the_end
from scop.cli.shared import json_option
from scop.cli.smtp_serve_shown import lines_for, log_for
from scop.cli.spam.filter_examining import Examiner, attended
from scop.cli.spam.filter_options import clients_option, model_option, user_option
from scop.cli.spam.filter_policies import Examining, examine_options
from scop.cli.spam.filter_service import Listening, Rights, give_up_rights, listener_at, serving, written_listener
from scop.cli.spam.filter_shown import WORDS
from scop.cli.spam.filter_weighing import ModelFile, Scales
from scop.cli.spam.milter_session import MilterOffice, MilterRules, MilterWeighing, wishes_of
from scop.net.milter_server import MilterServer

__all__ = ["milter"]

STANDARD_OUTPUT = 1


def _score(_context: click.Context, _parameter: click.Parameter, score: float | None) -> float | None:
    if score is not None and math.isnan(score):  # which is below no score, so all spam would be refused
        raise click.BadParameter("name a score from 0 to 1")
    return score


@click.command(short_help="Label or refuse mail for Postfix and Sendmail (milter).")
@click.option(
    "--listen",
    "places",
    multiple=True,
    required=True,
    metavar="inet:HOST:PORT|unix:PATH",
    help="Where the mail server asks; repeat for more.",
)
@model_option
@click.option(
    "--reject-above",
    type=click.FloatRange(0.0, 1.0),
    callback=_score,
    help="Refuse spam of this score and above while its sender is still connected.",
)
@click.option("--quarantine", is_flag=True, help="Have the mail server hold spam back (Postfix: queue `hold`).")
@examine_options
@clients_option
@user_option
@json_option
def milter(
    *,
    places: tuple[str, ...],
    model: Path,
    reject_above: float | None,
    quarantine: bool,
    examining: Examining,
    clients: tuple[str, ...],
    user: str,
    as_json: bool,
) -> None:
    """Put an X-SCoP-Spam field on top of each mail that a mail server takes, until Ctrl-C or SIGTERM.

    X-SCoP fields that others wrote are taken away. Mail of people who logged in is not looked at. When the filter is
    away the mail server does what its milter_default_action says. docs/spam-alone.md shows it with Postfix.
    """
    log = log_for(lines_for(STANDARD_OUTPUT), as_json=as_json, service="milter", words=WORDS)
    try:
        sockets = tuple(map(listener_at, places))
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
    examiner = Examiner.start(user, examining.policies, log) if examining.examine else None
    missing = give_up_rights(Rights(model, user))
    # Read as who we are from now on: a model that cannot be read later is of no use.
    scales = Scales(ModelFile(model, lambda reason: log.warning("model.kept", reason=reason)), log.fault)
    office = MilterOffice(scales, MilterRules(reject_above, quarantine, examining.examine), log, examiner=examiner)
    listening = Listening(sockets, clients)

    def speaker() -> MilterServer:
        return MilterServer(
            wishes_of(office.rules),
            MilterWeighing(office),
            listening.connections,
            on_fault=log.fault,
            on_broken=lambda reason: log.warning("milter.broken", reason=reason),
        )

    async def serve() -> None:
        stop = asked_to_end()
        ending = attended(examiner, stop, log)
        async with serving(listening, speaker, log):
            places = [written_listener(each) for each in sockets]
            log.info("filter.listening", places=places, protocol="milter", unenforced=missing)
            await stop.wait()
        ending()
        log.info("serve.ended")

    run_to_the_end(serve)
