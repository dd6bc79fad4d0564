"""The relay's post, confined as the relay is: `confined_post.py STATE SMTP_PORT HTTPS_PORT PEM [UID]`.

Carries one mail to a domain with an MTA-STS policy and prints as JSON how that went.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import uvloop

from fakes.post_world import HOST, SEA, DictNames, envelope
from fakes.watched_log import WatchedLog
from scop.cells.relay.manifest import MANIFEST
from scop.cells.relay.post import PostOptions
from scop.cells.relay.post_office import PostOffice
from scop.cells.relay.route import Host, Route
from scop.dns import TXT, A
from scop.mesh.cell import Place
from scop.mesh.config import Config, Network, WorldPorts
from scop.mesh.confine import confine
from scop.mesh.control import Identifiers
from scop.mesh.rules import rules_of
from scop.mesh.vocabulary.relay import ReadTlsResults
from scop.net.clock import SystemClock
from scop.net.peer import Peer
from scop.net.trust import web_trust

MAIL = b"From: ann@lagoon.test\r\n\r\nHigh water at nine.\r\n"


async def _carry(options: PostOptions, state: Path) -> dict[str, object]:
    names = DictNames()
    names.zone[f"mta-sts.{SEA}", "A"] = [A("127.0.0.1")]
    names.zone[f"_mta-sts.{SEA}", "TXT"] = [TXT.of(b"v=STSv1; id=1;")]
    kept = WatchedLog()
    office = PostOffice(options, state, names, kept.log("relay"), SystemClock())
    carried = await office.post.carry(Route(SEA, (Host(HOST, ("127.0.0.1",)),)), envelope(), MAIL)
    counted = await office.tls_results(ReadTlsResults(), Peer("", 0))
    await office.close()
    counts = [[each.policy_type, each.successes] for each in counted.sessions]
    return {"carried": carried.transaction is not None, "reason": carried.reason, "tls": carried.tls, "counts": counts}


def main(state: str, smtp_port: str, https_port: str, pem: str, uid: str = "") -> None:
    """Live the life of the relay's post."""
    world = WorldPorts(smtp_port=int(smtp_port), https_port=int(https_port), certificate_authorities=pem)
    config = Config("lagoon.test", Network("127.0.0.2"), world=world)
    trust = web_trust(world.certificate_authorities)
    options = PostOptions("mx.lagoon.test", world.smtp_port, "127.0.0.2", trust=trust, https_port=world.https_port)
    places = {pipe.peer: Place("127.0.0.1", 1) for pipe in MANIFEST.reaches}
    identifiers = Identifiers(int(uid), int(uid)) if uid else None
    report = confine(rules_of(MANIFEST, config, Path(state), places, identifiers))
    said = {**uvloop.run(_carry(options, Path(state))), "missing": report.missing}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
