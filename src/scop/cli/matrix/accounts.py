"""Which account a command speaks for, and where what it keeps lies.

    $XDG_DATA_HOME/scop/matrix/<user id>/store    sealed by a passphrase
    $XDG_DATA_HOME/scop/matrix/<user id>/key      the passphrase, where none was given at login; for its owner alone

A passphrase comes from --passphrase-file, from $SCOP_MATRIX_PASSPHRASE, or from `key`.

Any number of commands speak for an account at a time: each has its store while it does something, and those that wait
for long let it go meanwhile (docs/decisions/an-account-in-turns.md). One `listen` alone tells what is new.
"""

from __future__ import annotations

import asyncio
import fcntl
import functools
import os
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, unquote

import click

from scop.base import ProtocolError, printable
from scop.cli.matrix.untold import KeepingClient, Untold
from scop.net.faults import PermanentFailure
from scop.net.matrix import AsyncClient, NetworkOptions, NotLoggedIn
from scop.store.faults import StoreError
from scop.store.sealed_shelves import SCRYPT_LOG_COST, InUse, Removed, SealedShelves

__all__ = ["Account", "account_options", "asked_secret", "check_text", "first_line", "listening", "opened", "run"]

PATIENCE_SECONDS = 30.0  # a person waits; a program asks again
TURN_SECONDS = 10.0  # others of our commands are waited for
_STORE, _KEY, _TELLER = "store", "key", "listen.lock"
_KEY_OCTETS = 32
_NETWORK = NetworkOptions(patience_seconds=PATIENCE_SECONDS)
_NOBODY_GUESSES = 2  # a key of 32 octets: no need to make guesses dear
_Outcome = TypeVar("_Outcome")


@dataclass(frozen=True, slots=True)
class Account:
    """What the options say of the account."""

    user_id: str = ""
    root: Path | None = None
    passphrase_file: Path | None = None
    turn_seconds: float | None = None  # how long others of our commands are waited for; TURN_SECONDS without

    @property
    def folder(self) -> Path:
        """Where all accounts are."""
        if self.root is not None:
            return self.root
        data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
        return Path(data) / "scop" / "matrix"

    def known(self) -> tuple[str, ...]:
        """Return the user ids that are logged in."""
        stores = sorted(self.folder.glob(f"*/{_STORE}"))
        return tuple(unquote(store.parent.name) for store in stores)

    def chosen(self) -> str:
        """Return the user id that is spoken for; the only one, where none is named."""
        known = self.known()
        if self.user_id:
            if self.user_id not in known:
                raise PermanentFailure(f"{printable(self.user_id)} is not logged in here: scop matrix login does that")
            return self.user_id
        if not known:
            raise PermanentFailure("nobody is logged in here: scop matrix login does that")
        if len(known) > 1:
            raise PermanentFailure(f"several accounts are logged in: --account {' or '.join(map(printable, known))}")
        return known[0]

    def place(self, user_id: str) -> Path:
        """Return where the things of one account lie."""
        return self.folder / quote(user_id, safe="@:")

    def open(self, user_id: str) -> SealedShelves:
        """Open the store of an account, made where there is none; raises `NotLoggedIn` where it goes meanwhile."""
        place = self.place(user_id)
        is_there = (place / _STORE).exists()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _sentences(user_id):
            try:
                passphrase, log_cost = self._passphrase(place)
                # Its key may be gone, too: a store that is made by that now could never be opened again.
                return self._in_turn(place / _STORE, passphrase, log_cost, is_there=is_there)
            except (Removed, FileNotFoundError):
                if not is_there or (place / _STORE).exists():
                    raise
        with suppress(OSError):  # another command that waited for its turn removes it after us
            place.rmdir()
        raise NotLoggedIn(f"{printable(user_id)} was logged out meanwhile: scop matrix login logs in")

    def has_key_beside(self, user_id: str) -> bool:
        """Return whether what opens the store of an account lies beside it."""
        return (self.place(user_id) / _KEY).exists()

    def remove(self, user_id: str) -> None:
        """Take away what is left of an account that is logged out, unless other commands have it open still."""
        asyncio.run(self.forget(user_id))

    async def forget(self, user_id: str) -> None:
        """Do the same within an event loop, as they do when they find that nobody is logged in."""
        place = self.place(user_id)
        if user_id not in self.known():
            return
        try:
            shelves = self.open(user_id)
        except NotLoggedIn:  # another command did the same
            return
        if any((await shelves.entries()).values()):  # somebody logged in again
            await shelves.close()
        elif await shelves.remove(place / _KEY, place / _TELLER):
            with suppress(OSError):  # another command that waited for its turn removes it after us
                place.rmdir()

    @contextmanager
    def telling(self, user_id: str) -> Iterator[None]:
        """Be the one that tells what is new; raises `PermanentFailure` where another is: each thing is told once."""
        descriptor = os.open(self.place(user_id) / _TELLER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise PermanentFailure(f"{printable(user_id)}: another `listen` tells what happens") from None
        finally:
            os.close(descriptor)

    def _in_turn(self, path: Path, passphrase: str, log_cost: int, *, is_there: bool) -> SealedShelves:
        """Open a store when commands that use it just now let it go; raises `InUse` where one goes on."""
        patience = TURN_SECONDS if self.turn_seconds is None else self.turn_seconds
        try:
            return SealedShelves.open(path, passphrase, log_cost=log_cost, patience_seconds=patience, is_there=is_there)
        except InUse:
            raise InUse("another command uses this account, as `verify` does until it is ended") from None

    def _passphrase(self, place: Path) -> tuple[str, int]:
        """Return what opens the store, and what a guess at it should cost where the store is made."""
        if self.passphrase_file is not None:
            return first_line(self.passphrase_file), SCRYPT_LOG_COST
        if said := os.environ.get("SCOP_MATRIX_PASSPHRASE"):
            return _checked_secret(said, "SCOP_MATRIX_PASSPHRASE"), SCRYPT_LOG_COST
        key = place / _KEY
        if not key.exists():
            if (place / _STORE).exists():
                raise PermanentFailure("the store wants a passphrase: --passphrase-file or SCOP_MATRIX_PASSPHRASE")
            _write_private(key, secrets.token_hex(_KEY_OCTETS))
        return first_line(key), _NOBODY_GUESSES


def first_line(path: Path) -> str:
    """Return the first line of a file that holds a secret."""
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0]
    except UnicodeDecodeError:
        raise PermanentFailure(f"{path} is no UTF-8") from None  # without a word of what is in it


def asked_secret(what: str) -> str:
    """Return a secret that is typed unseen, or piped."""
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=True, err=True))
    return _checked_secret(sys.stdin.readline().rstrip("\n"), what)


def _checked_secret(text: str, name: str) -> str:
    """Return a secret if it is in UTF-8; what is said otherwise does not show it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PermanentFailure(f"{name} is no UTF-8") from None
    return text


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())


def account_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which account it speaks for, as one argument `account`."""

    @click.option(
        "--account",
        "user_id",
        default="",
        metavar="@USER:SERVER",
        envvar="SCOP_MATRIX_ACCOUNT",
        help="Whom to speak for, of several.  [default: $SCOP_MATRIX_ACCOUNT, or the only one]",
    )
    @click.option(
        "--store",
        "root",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="SCOP_MATRIX_STORE",
        help="Where accounts are kept.  [default: $XDG_DATA_HOME/scop/matrix]",
    )
    @click.option(
        "--passphrase-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Its first line opens the store.  [default: a key made at login]",
    )
    @functools.wraps(command)
    def with_account(*, user_id: str, root: Path | None, passphrase_file: Path | None, **others: object) -> None:
        for said in others.values():
            for text in said if isinstance(said, tuple) else (said,):
                if isinstance(text, str):
                    check_text(text)
        command(account=Account(user_id, root, passphrase_file), **others)

    return with_account


def check_text(text: str) -> None:
    """Refuse what was typed or piped in other characters than UTF-8: Matrix is JSON, which has no others."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise click.UsageError(f"{printable(text)} is no UTF-8") from None


@asynccontextmanager
async def opened(account: Account, *, synced: bool = True) -> AsyncIterator[AsyncClient]:
    """Open the client of the chosen account; `synced` so that it knows what happened since.

    What is new is kept for `listen` to tell.
    """
    async with _of_session(account), KeepingClient(_untold_of(account), _NETWORK) as client:
        if synced:
            await client.sync()
        yield client


@asynccontextmanager
async def listening(account: Account) -> AsyncIterator[tuple[AsyncClient, Untold]]:
    """Open the client of the chosen account for the one who tells what is new, with what was not told yet."""
    async with _of_session(account) as user_id:
        with account.telling(user_id):
            untold = _untold_of(account)
            async with KeepingClient(untold, _NETWORK) as client:
                yield client, untold


def _untold_of(account: Account) -> Untold:
    return Untold(account.open(account.chosen()))


@asynccontextmanager
async def _of_session(account: Account) -> AsyncIterator[str]:
    """Give the chosen user id; where its session is over, nothing is left of it."""
    user_id = account.chosen()
    with _sentences(user_id):
        try:
            yield user_id
        except NotLoggedIn:
            await account.forget(user_id)
            raise PermanentFailure(f"{printable(user_id)} is logged out: scop matrix login logs in") from None


@contextmanager
def _sentences(user_id: str) -> Iterator[None]:
    """Raise what is wrong with the store of an account as faults of the command."""
    try:
        yield
    except (StoreError, ProtocolError) as fault:
        raise PermanentFailure(f"{printable(user_id)}: {fault}") from fault


def run(account: Account, work: Callable[[AsyncClient], Awaitable[_Outcome]], *, synced: bool = True) -> _Outcome:
    """Do something as the chosen account; return what came of it."""

    async def whole() -> _Outcome:
        async with opened(account, synced=synced) as client:
            return await work(client)

    return asyncio.run(whole())
