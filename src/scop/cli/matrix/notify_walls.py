"""What the notifier's services may still touch once they run: they face the Internet and hold an account's keys.

They open what they need, then confine themselves as a cell does (`scop.mesh.confine`). What is left to them: Python's
own files, the account's folder, the queue's files, whom they accept, the homeserver's port and those of the pages they
watch, and questions for the addresses of these. They start no program: tests of releases are run by a process that was
started before (`notify_runner`).

Started as root they stay it, and give up its capabilities before they open anything but the listener: they own files as
others do, and are not lords of all.

Landlock knows ports and no hosts, and no UDP: whoever takes the process over can still speak with every host at those
ports, and send datagrams where it may ask for names.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shlex
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import getproxies

from yarl import URL

from scop.cli.foreground import loop_factory
from scop.mesh.code_paths import RESOLVER_FILE, code_paths, name_paths
from scop.mesh.confine import Rules, confine, give_up_capabilities, preload_names
from scop.net.faults import PermanentFailure
from scop.net.matrix.places import is_loopback

__all__ = ["Needs", "check_files", "end_when_names_move", "give_up_all_else", "give_up_rights", "queue_files"]

DNS_PORT = 53
HTTPS_PORT = 443
LOOK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Needs:
    """What a service needs once it runs."""

    account: Path  # the folder of the account that posts
    queue: Path
    homeserver_url: str
    issuer: str = ""  # of the tokens, where that is another server: it is asked for new ones
    pages: tuple[str, ...] = ()  # of releases

    @property
    def names(self) -> bool:
        """Whether addresses of hosts have to be asked for; that of `localhost` stands in a file."""
        return any(not is_loopback(URL(url).host or "") for url in self._dialled)

    @property
    def ports(self) -> tuple[int, ...]:
        """The TCP ports that are dialled."""
        found = {URL(url).port or HTTPS_PORT for url in self._dialled}
        # Homes of packages lead elsewhere, and an issuer says where tokens are given; both by https: alone.
        found |= {HTTPS_PORT} if self.pages or self.issuer else set()
        return tuple(sorted(found | ({DNS_PORT} if self.names else set())))

    @property
    def _dialled(self) -> Iterator[str]:
        yield self.homeserver_url
        yield from filter(None, (self.issuer, *self.pages))
        if not is_loopback(URL(self.homeserver_url).host or ""):
            proxies = getproxies()
            yield from (proxies[scheme] for scheme in ("http", "https") if scheme in proxies)


def give_up_rights() -> None:
    """Give up what a user has beside its files; nothing that is started later has it either."""
    with _confining():
        give_up_capabilities()


def queue_files(queue: Path) -> tuple[Path, ...]:
    """Return the file of a queue and what SQLite has beside it."""
    return (queue, *(queue.with_name(f"{queue.name}{end}") for end in ("-wal", "-shm")))


def check_files(places: Iterable[Path], rights: int, fix: str) -> None:
    """Raise `PermanentFailure` for the first of `places`, if it is there, that is another's and may not be used so.

    `fix` is the command that gives it to us, but for us and for the place.
    """
    us = _name(os.geteuid()).removeprefix("user ")
    for place in places:
        for folder in reversed(place.absolute().parents):
            _check(folder, os.X_OK, f"move {shlex.quote(str(place))} elsewhere")
        _check(place, rights | (os.X_OK if place.is_dir() else 0), f"{fix} {us} {shlex.quote(str(place))}")


def _check(place: Path, rights: int, fix: str) -> None:
    if os.access(place, rights) or not place.exists() or (owner := place.stat().st_uid) == os.geteuid():
        return
    less = ", who gave up root's rights," if os.geteuid() == 0 else ""
    raise PermanentFailure(
        f"{place} belongs to {_name(owner)}, and {_name(os.geteuid())}{less} may not use it: "
        f"start it as that user, or {fix}"
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


@contextlib.contextmanager
def _confining() -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise PermanentFailure(f"cannot be confined: {fault}") from None


def give_up_all_else(needs: Needs) -> tuple[str, ...]:
    """Give up all but `needs`, before there is a loop or a thread; return what this kernel cannot enforce."""
    loop_factory()
    preload_names()
    rules = Rules(
        read_paths=(*code_paths(), *name_paths()),
        # The files of the queue, not its folder: the configuration may lie there, and says what is run.
        write_paths=(str(needs.account), *filter(os.path.exists, map(str, queue_files(needs.queue)))),
        connect_ports=needs.ports,
        udp=needs.names,
        keeps_user=True,
    )
    with _confining():
        return confine(rules).missing


async def end_when_names_move(
    file: Path = Path(RESOLVER_FILE), pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Raise `PermanentFailure` when the file that says whom to ask for names gives way to another one.

    Only what is there at the start can be read from within; who is started again reads the new one. A link is looked
    through: the folder of its target can be read as it changes.
    """
    begun = _identity(file)
    while True:
        await pause(LOOK_SECONDS)
        if _identity(file) not in (begun, None):
            raise PermanentFailure(f"{file} was replaced, and can be read after a start anew only")


def _identity(file: Path) -> tuple[int, int] | None:
    with contextlib.suppress(OSError):
        found = file.lstat()
        return found.st_dev, found.st_ino
    return None
