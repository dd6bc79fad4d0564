"""What a primary of the command line is told: zones, keys and their rights, secondaries and primaries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scop.base import Clock
from scop.cli.gathering import gathered
from scop.dns.names import normal_name
from scop.mesh.cell import Life
from scop.mesh.config import Primary
from scop.mesh.config.resolver import server_place
from scop.net.faults import reason_of
from scop.net.log import Log

if TYPE_CHECKING:
    from scop.cells.primary.history import GitHistory
    from scop.cells.primary.holdings import Signing
    from scop.cells.primary.service import PrimaryOptions
    from scop.dns.zone.rates import RateOptions
    from scop.dns.zone.zone import Zone
    from scop.net.dns_client import Names
    from scop.net.dns_public import PublicSockets

__all__ = ["PrimaryTold", "primary_options"]

DNS_PORT = 53
RESOLVER_SECONDS = 10.0  # to connect

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class PrimaryTold:
    """The options of a primary but for where it listens."""

    zones: tuple[str, ...] = ()
    tsig_key: tuple[Path, ...] = ()
    allow_update: tuple[str, ...] = ()
    transfer_key: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    secondary: tuple[str, ...] = ()
    state: Path | None = None
    remote: str = ""
    sign: bool = False
    algorithm: str = "ecdsap256sha256"
    keys: str = "csk"
    denial: str = "nsec"
    resolver: str = ""
    rate_limit: int | None = None
    nsid: str = ""

    def options(self, sockets: PublicSockets, log: Log, clock: Clock, life: Life, state: Path) -> PrimaryOptions:
        """Read zones and keys; raises `click.UsageError` for what cannot be used."""
        from scop.cells.primary.history import GitHistory
        from scop.cells.primary.keyring import Keyring
        from scop.cells.primary.remote import remote_of
        from scop.cells.primary.service import PrimaryOptions
        from scop.dns.zone.answer import Zones
        from scop.dns.zone.identity import Identity

        try:
            keys = Keyring.read(self.tsig_key)
            history = GitHistory(state)
            zones = {zone.origin: zone for zone in (_take_in(history, text, log) for text in self.zones)}
            if len(zones) != len(self.zones):
                raise ValueError("--zone names a zone twice")
            return PrimaryOptions(
                zones=Zones(zones, identity=Identity(server_id=self.nsid)),
                history=history,
                sockets=sockets,
                log=log,
                clock=clock,
                life=life,
                state=state,
                rights=keys.rights(self.allow_update, self.transfer_key),
                signing=self._signing(state, log, frozenset(zones)),
                names=_names_at(self.resolver) if self.resolver else None,
                notify=keys.targets(self.notify, self.transfer_key),
                secondaries=tuple(map(keys.secondary, self.secondary)),
                rates=self.rates(),
                remote=remote_of(self.remote, state) if self.remote else None,
            )
        except OSError as fault:
            where = f"{fault.filename}: " if fault.filename else ""
            raise click.UsageError(f"{where}{reason_of(fault)}") from None
        except ValueError as fault:
            raise click.UsageError(str(fault)) from None

    def rates(self) -> RateOptions:
        """Limit all but this machine; whoever names a limit wants it for this machine too."""
        from scop.dns.zone.rates import RateOptions

        if self.rate_limit is None:
            return RateOptions()
        return RateOptions(per_second=self.rate_limit, all_per_second=5 * self.rate_limit, exempt=())

    def _signing(self, state: Path, log: Log, ours: frozenset[str]) -> Signing:
        from scop.cells.primary.holdings import Unsigned
        from scop.cells.primary.key_files import KEYS_FOLDER, check_keys
        from scop.cells.primary.signing import ZoneSigner, signing_options

        if not self.sign and not (state / KEYS_FOLDER).exists():
            return Unsigned()
        # A zone that was signed stays so until its parent vouches for none of its keys.
        config = Primary(sign=self.sign, algorithm=self.algorithm, keys=self.keys, denial=self.denial)  # type: ignore[arg-type]  # click has checked that they are among the choices
        check_keys(state, ours)
        return ZoneSigner(state, signing_options(config), log, ours.__contains__)


primary_options = gathered(
    "told",
    PrimaryTold,
    click.option("--zone", "zones", multiple=True, metavar="NAME=FILE", help="A zone and its master file; repeat."),
    click.option(
        "--tsig-key",
        multiple=True,
        type=_FILE,
        help="Lines of `name algorithm base64`, or what tsig-keygen writes.",
    ),
    click.option(
        "--allow-update",
        multiple=True,
        metavar="KEY:NAMES:TYPES",
        help="What a key may write: `k:*:*`, `k:*._domainkey.harbor.test:TXT`; repeat for more.",
    ),
    click.option(
        "--transfer-key", multiple=True, metavar="KEY", help="A key whose holder may fetch zones (AXFR, IXFR)."
    ),
    click.option(
        "--notify",
        multiple=True,
        metavar="ADDR[:KEY]",
        help="Tell this secondary of new versions.  [key: --transfer-key]",
    ),
    click.option(
        "--secondary", multiple=True, metavar="NAME=ADDR:KEY", help="Fetch a zone from its primary and show it."
    ),
    click.option("--state", type=_FOLDER, metavar="DIR", help="Where changes are kept.  [default: nowhere]"),
    click.option(
        "--remote",
        default="",
        metavar="URL",
        help="A git repository that changes are pushed to, and pulled from on a signed NOTIFY: a path, ssh://, https://.",
    ),
    click.option(
        "--rate-limit",
        type=click.IntRange(min=0),
        metavar="N",
        help="Equal answers a second by datagram to one network, and five times that of all kinds; 0 for any number.  "
        "[default: 200, and any number on loopback]",
    ),
    click.option(
        "--nsid",
        default="",
        metavar="TEXT",
        help="Which of several servers this is, for who asks by NSID or `id.server CH TXT`.  [default: not told]",
    ),
    click.option("--sign/--no-sign", default=False, help="Sign zones by DNSSEC, with keys kept in --state."),
    click.option(
        "--algorithm",
        type=click.Choice(["ecdsap256sha256", "ecdsap384sha384", "ed25519"]),
        default="ecdsap256sha256",
        show_default=True,
        help="Of new keys.",
    ),
    click.option("--keys", type=click.Choice(["csk", "ksk+zsk"]), default="csk", show_default=True),
    click.option("--denial", type=click.Choice(["nsec", "nsec3"]), default="nsec", show_default=True),
    click.option(
        "--resolver",
        default="",
        metavar="ADDR",
        help="One that is trusted, asked by TCP for the parent's DS, which a roll of keys waits for.",
    ),
)


def _names_at(text: str) -> Names:
    """Return a resolver's names; raises `ValueError`."""
    from scop.net.dialer import tcp_dialer
    from scop.net.dns_client import StreamNames

    return StreamNames(tcp_dialer(*server_place(text, DNS_PORT), connect_seconds=RESOLVER_SECONDS))


def _take_in(history: GitHistory, text: str, log: Log) -> Zone:
    """Read a zone's master file, and merge it into what its history has; raises `ValueError` and `OSError`."""
    from scop.cells.primary.holdings import Author

    origin, equals, path = text.partition("=")
    if not equals or not path:
        raise ValueError(f"--zone {text!r} is not of the form NAME=FILE")
    taken = history.take_in(Path(path), normal_name(origin), Author("file", f"Take in {path}"))
    for owner, type_ in taken.conflicts:
        log.warning("zone.conflict", zone=taken.zone.origin, reason=f"{owner} {type_}: changed here and in {path}")
    return taken.zone
