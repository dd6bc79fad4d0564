"""How the notifier's services begin: they open all that they need, confine themselves, and only then have a loop."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from scop.cli.matrix.accounts import Account
from scop.cli.matrix.notify_config import NotifierConfig, WatchTable
from scop.cli.matrix.notify_desk import Desk, account_of, all_rooms, open_desk, open_queue, posting_from
from scop.cli.matrix.notify_runner import Outcome
from scop.cli.matrix.notify_trials import Trials
from scop.cli.matrix.notify_walls import (
    Needs,
    check_files,
    end_when_names_move,
    give_up_all_else,
    give_up_rights,
    queue_files,
)
from scop.cli.matrix.notify_watch import Watch, WatchOptions
from scop.matrix.client import Session
from scop.matrix.notifier.releases import Release
from scop.matrix.notifier.threads import Audience
from scop.mesh.code_paths import code_paths
from scop.net.log import Log
from scop.net.matrix import AsyncClient
from scop.net.matrix.releases import ReleasePages
from scop.store.notices import Notices

__all__ = ["Service", "begin"]

_BLIND = "Landlock is missing here: tests of releases can read the account's folder, the queue and the secrets."
_ROOT = "It was started as root and gave up all of root's rights but root's files: a user of its own owns less."
_ROOT_TESTS = " Tests of releases can change all files of root that are not hidden from them."


@dataclass(frozen=True, slots=True)
class Service:
    """What a service has open when it is confined."""

    config: NotifierConfig
    client: AsyncClient
    notices: Notices
    pages: ReleasePages
    trials: Trials | None
    needs: Needs
    log: Log

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[tuple[Desk, Sequence[asyncio.Task[None]]]]:
        """Give the desk, and the tasks that post from it and look after us; one that ends first has a fault to tell."""
        audience = Audience(all_rooms(self.config.rooms), self.config.people)
        posting = open_desk(self.notices, self.client, audience, self.log, is_service=True)
        async with self.client, self.pages, posting as (desk, tasks):
            looking = [asyncio.create_task(end_when_names_move())] if self.needs.names else []
            try:
                yield desk, (*tasks, *looking)
            finally:
                for task in looking:
                    task.cancel()
                await asyncio.gather(*looking, return_exceptions=True)
                if self.trials is not None:
                    self.trials.close()

    def watch(self, desk: Desk) -> Watch:
        """Return what watches the packages of the configuration."""
        packages = tuple(self.config.watch.values())
        return Watch(WatchOptions(packages, desk.notices, self.pages, desk.keep_report, desk.log, self._test))

    async def _test(self, package: WatchTable, release: Release) -> Outcome:
        assert self.trials is not None, "who has a test has them"
        return await self.trials.test(package, release)


def begin(config: NotifierConfig, path: Path, log: Log) -> Service:
    """Open what a service needs and confine it, in the only thread; raises `PermanentFailure`."""
    give_up_rights()  # first, so that what cannot be used is not made either
    account = _usable(account_of(config.account), Path(config.queue))
    all_rooms(config.rooms)
    trials = _trials(config, path, account)
    session = asyncio.run(_session_of(account))
    needs = Needs(
        account.place(account.user_id),
        Path(config.queue),
        session.homeserver_url,
        session.oauth.issuer if session.oauth else "",
        tuple(package.url for package in config.watch.values()),
    )
    client = posting_from(account)
    notices, pages = open_queue(needs.queue), ReleasePages()
    missing = give_up_all_else(needs)
    if trials is not None and not trials.hides:
        missing = (*missing, _BLIND)
    root = {"root": _ROOT + (_ROOT_TESTS if trials else "")} if os.geteuid() == 0 else {}
    log.info("notifier.confined", ports=[str(port) for port in needs.ports], unenforced=list(missing), **root)
    return Service(config, client, notices, pages, trials, needs, log)


def _usable(account: Account, queue: Path) -> Account:
    """Return the chosen account; raises `PermanentFailure` where a file that is needed may not be used."""
    both = os.R_OK | os.W_OK
    check_files(map(Path, code_paths()), os.R_OK, "chown -R")
    check_files((queue.parent, *queue_files(queue)), both, "chown")
    check_files(filter(None, (account.passphrase_file,)), os.R_OK, "chown")
    check_files((account.folder,), os.R_OK, "chown -R")
    chosen = account.chosen()
    place = account.place(chosen)
    check_files((place,), both, "chown -R")
    check_files(place.iterdir(), both, "chown")
    return dataclasses.replace(account, user_id=chosen)


def _trials(config: NotifierConfig, path: Path, account: Account) -> Trials | None:
    if not any(package.test for package in config.watch.values()):
        return None
    secrets = [hook.secret_env for hook in config.hooks.values() if hook.secret_env]
    files = [hook.secret_file for hook in config.hooks.values() if hook.secret_file]
    ours = (account.folder, account.passphrase_file, path, *queue_files(Path(config.queue)))
    hidden = [str(each) for each in (*ours, *files) if each]
    return Trials.start(config.watch, os.environ, secrets=secrets, hidden=hidden)


async def _session_of(account: Account) -> Session:
    """Return who is logged in where; a process that is confined must know whom it dials."""
    async with posting_from(account) as client:
        return client.session
