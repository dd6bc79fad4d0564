"""The other home of our zones' history: pushed after each change, pulled when a signed NOTIFY says so.

Theory of operation. One task, one exchange at a time, on a thread with a store of its own, so that neither answers nor
changes wait for the network. What changed here is pushed. Where the remote has gone on without us, its commits are
fetched, and each zone that they changed is merged into ours as one more change of ours (`scop.dns.zone.difference`:
RRset by RRset, and where both sides changed one, **ours wins**, since it was answered as durable; the log names it).
Then a commit that stands on both is made, and pushed: people who work there can follow without force. Nothing is ever
forced, and a zone's file that is no zone stops the exchange, so a broken remote is left to the person who broke it.

A zone that is new there is added; one whose file is gone there stays. Only `<origin>.zone` in lower case at the top is
one; other files are kept beside, and named in the log where they end alike. An exchange that fails is tried again, ever
less often, and a change or a NOTIFY tries at once.

Standards: RFC 1996 §3 (NOTIFY), RFC 8945.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scop.base import RemoteProtocolError, printable
from scop.cells.primary.history import REPOSITORY, is_zone_file, origin_of
from scop.cells.primary.holdings import Author, Change, Holdings
from scop.dns.zone import Zone
from scop.dns.zone.difference import merge
from scop.net.log import Log
from scop.store import Diverged, GitError, Remote, Store, StoreError

__all__ = ["Companion", "remote_of"]

FIRST_PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 300.0
GATHER_SECONDS = 0.2  # changes of one burst travel in one push
MAX_ROUNDS = 3  # of an exchange, where the remote goes on while we merge
MAX_TOLD = 10  # names of files in one line of the log
MAX_FILES = 10_000  # of a remote; who owns it may be careless
NOBODY = Author("remote", "Join what the remote had")


def remote_of(url: str, folder: Path) -> Remote:
    """Return the remote of a primary, whose secrets are in its state folder. Raises `ValueError`.

    `remote.key` is a private key for SSH, `.ssh/known_hosts` says which hosts are believed, `remote.ca` whom HTTPS
    trusts, `remote.login` has a name and a token on two lines.
    """
    key, authorities, login = (folder / f"remote.{end}" for end in ("key", "ca", "login"))
    return Remote(
        url,
        key=key if key.exists() else None,
        home=folder,
        authorities=authorities if authorities.exists() else None,
        login=_login(login) if login.exists() else None,
    )


def _login(path: Path) -> tuple[str, str]:
    lines = path.read_text(encoding="utf-8").split("\n")
    if len([line for line in lines if line]) != 2:
        raise ValueError(f"{path}: a name and a token, on two lines")
    return lines[0], lines[1]


@dataclass(frozen=True, slots=True)
class _Edited:
    """A zone as the remote has it, and as both had it before."""

    theirs: Zone
    base: Zone | None
    by: Author


class Companion:
    """Keeps the remote and the holdings the same."""

    def __init__(self, folder: Path, remote: Remote, holdings: Holdings, log: Log) -> None:
        self._folder = folder
        self._remote = remote
        self._holdings = holdings
        self._log = log
        self._wanted = asyncio.Event()
        self._store: Store | None = None
        self._same = ""  # the commit at which both were last

    def note(self, _change: Change) -> None:
        """Push soon; what `Holdings.watch` is given."""
        self._wanted.set()

    def notice(self, origin: str, _key_name: str) -> bool:
        """Look at the remote at once, since a NOTIFY for a zone says that it has changed; say whether it is ours.

        Whichever of our keys signed it: to look once more does no harm.
        """
        if self._holdings.source(origin) is None:
            return False
        self._wanted.set()
        return True

    async def run(self) -> None:
        """Exchange at the start, after every change and every notice, until cancelled."""
        pause = 0.0
        while True:
            self._wanted.clear()
            pause = 0.0 if await self._done() else min(max(2 * pause, FIRST_PAUSE_SECONDS), MAX_PAUSE_SECONDS)
            try:
                await asyncio.wait_for(self._wanted.wait(), pause or None)
            except TimeoutError:
                continue
            await asyncio.sleep(GATHER_SECONDS)

    async def _done(self) -> bool:
        try:
            await self.exchange()
        except (StoreError, GitError, OSError, ValueError) as error:
            self._log.warning("remote.failed", remote=self._remote.url, reason=printable(str(error)))
            return False
        return True

    async def exchange(self) -> None:
        """Bring both to the same commit; raises `StoreError`, `OSError`, and `ValueError` for what is no zone."""
        for _ in range(MAX_ROUNDS):
            theirs = await asyncio.to_thread(self._pulled)
            if theirs:
                await self._take(theirs)
            try:
                head = await asyncio.to_thread(self._pushed)
            except Diverged:
                continue
            if head != self._same:
                self._same = head
                self._log.info("remote.pushed", remote=self._remote.url, version=head)
            return
        raise StoreError(f"{self._remote.url} went on {MAX_ROUNDS} times while we merged")

    def _pulled(self) -> str:
        """Fetch; return the remote's last commit unless we stand on it already."""
        store = self._own_store()
        theirs = store.pull(self._remote)
        return "" if not theirs or store.common(theirs) == theirs else theirs

    def _pushed(self) -> str:
        """Push; return the commit at which both are then."""
        store = self._own_store()
        head = store.head
        if head:
            store.push(self._remote)
        return head

    async def _take(self, theirs: str) -> None:
        for edited in await asyncio.to_thread(lambda: tuple(self._edited(theirs))):
            await self._merge(edited)
        await asyncio.to_thread(self._join, theirs)
        misnamed = await asyncio.to_thread(self._misnamed, theirs)
        if misnamed:
            self._log.warning("remote.misnamed", remote=self._remote.url, files=[printable(each) for each in misnamed])

    async def _merge(self, edited: _Edited) -> None:
        origin = edited.theirs.origin
        conflicts: list[str] = []

        def edit(ours: Zone) -> Zone:
            merged = merge(edited.base, ours, edited.theirs)
            conflicts.extend(f"{owner}. {type_}" for owner, type_ in merged.conflicts)
            return merged.zone

        if self._holdings.source(origin) is None:
            change: Change | None = await self._holdings.add(edited.theirs, edited.by)
        else:
            change = await self._holdings.change(origin, edit, edited.by)
        if conflicts:
            self._log.warning("remote.conflict", zone=origin, ours=[printable(each) for each in conflicts])
        if change is not None:
            self._log.info("zone.pulled", zone=origin, serial=change.after.serial, who=printable(edited.by.who))

    def _edited(self, theirs: str) -> Iterator[_Edited]:
        """Yield what the remote changed since we were the same."""
        store = self._own_store()
        base_id = store.common(theirs)
        now, before = store.at(theirs), store.at(base_id)
        files = [file for file in now.list() if is_zone_file(file)]
        if len(files) > MAX_FILES:
            raise StoreError(f"{self._remote.url} holds {len(files)} zones, at most {MAX_FILES} are taken")
        revision = store.revision(theirs)
        by = Author(f"{revision.author} by {self._remote.url}", revision.message.partition("\n")[0])
        for file in files:
            octets, old = now.get(file), before.get(file)
            if octets != old and octets is not None:
                yield _Edited(_parsed(octets, file), _parsed(old, file) if old is not None else None, by)

    def _misnamed(self, theirs: str) -> tuple[str, ...]:
        """Return files that a person may have meant as zones, and that are not named as any."""
        files = self._own_store().at(theirs).list()
        return tuple(file for file in files if file.endswith(".zone") and not is_zone_file(file))[:MAX_TOLD]

    def _join(self, theirs: str) -> None:
        store = self._own_store()
        ours = [file for file in store.list() if is_zone_file(file)]
        store.join(theirs, ours, author=NOBODY.who, message=NOBODY.why)

    def _own_store(self) -> Store:
        if self._store is None:
            self._store = Store(self._folder / REPOSITORY)
        return self._store


def _parsed(octets: bytes, file: str) -> Zone:
    try:
        return Zone.parse(octets.decode("utf-8"), origin_of(file))
    except (RemoteProtocolError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} of the remote is no zone: {error}") from error
