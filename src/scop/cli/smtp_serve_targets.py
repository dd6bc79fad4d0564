"""Where `scop smtp serve` drops mail: `maildir:DIR`, `mbox:FILE`, `lmtp:HOST:PORT`, `smtp:HOST:PORT`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from scop.net.dialer import tcp_dialer
from scop.net.mail_drop import Directory, Drop, Forwarding, Keeping, Parcel
from scop.net.mail_pool import MailPool
from scop.net.places import place_of
from scop.smtp.stamps import begins_with_header, return_path_field
from scop.store.maildir import Maildirs, folder_name
from scop.store.mbox import Mbox, entry

if TYPE_CHECKING:
    from scop.smtp import ForwardPath

__all__ = ["TARGETS", "drop_of"]

_Maker: TypeAlias = Callable[[str, Directory, str], Drop]


def drop_of(target: str, directory: Directory, hostname: str) -> Drop:
    """Return the place that `target` names; raises `ValueError` for what is none, `OSError` where it cannot be used."""
    kind, _, where = target.partition(":")
    if kind not in TARGETS or not where:
        raise ValueError(f"{target!r} is none of maildir:DIR, mbox:FILE, lmtp:HOST:PORT, smtp:HOST:PORT")
    return TARGETS[kind](where, directory, hostname)


def _maildir(where: str, directory: Directory, hostname: str) -> Drop:
    """Use one maildir; with a list of users one for each of them, below the folder."""
    maildirs = Maildirs(Path(where), hostname)
    if directory.users is None:
        maildirs.prepare("")
    else:
        maildirs.prepare(*map(folder_name, sorted(directory.users)))

    async def keep(parcel: Parcel) -> None:
        text = _with_line_feeds(parcel)
        if directory.users is None:
            await maildirs.keep({"": _head(parcel, parcel.recipients) + text})
            return
        owners: dict[str, list[ForwardPath]] = {}
        for path in parcel.recipients:
            owners.setdefault(directory.user(path), []).append(path)
        files = {folder_name(user): _head(parcel, tuple(paths)) + text for user, paths in owners.items()}
        await maildirs.keep(files)

    return Keeping(keep, maildirs.close)


def _mbox(where: str, _directory: Directory, _hostname: str) -> Drop:
    box = Mbox(Path(where))
    box.prepare()

    async def keep(parcel: Parcel) -> None:
        sender = str(parcel.mail.reverse_path).strip("<>")
        text = _head(parcel, parcel.recipients) + _with_line_feeds(parcel)
        await box.keep(entry(sender, time.time(), text))

    return Keeping(keep, box.close)


def _lmtp(where: str, _directory: Directory, hostname: str) -> Drop:
    return _forwarding(where, hostname, lmtp=True)


def _smtp(where: str, _directory: Directory, hostname: str) -> Drop:
    return _forwarding(where, hostname, lmtp=False)


def _forwarding(where: str, hostname: str, *, lmtp: bool) -> Drop:
    return Forwarding(MailPool(tcp_dialer(*place_of(where)), name=hostname, lmtp=lmtp), lmtp=lmtp)


def _head(parcel: Parcel, recipients: tuple[ForwardPath, ...]) -> bytes:
    """Return what stands above a mail at its last stop (RFC 5321 §4.4), lines ended by LF."""
    to = "".join(f"Delivered-To: {str(path).strip('<>')}\r\n" for path in recipients).encode()
    return b"".join((return_path_field(parcel.mail.reverse_path), to, parcel.received)).replace(b"\r\n", b"\n")


def _with_line_feeds(parcel: Parcel) -> bytes:
    text = parcel.octets.replace(b"\r", b"")  # what the server takes has no bare CR; eight times as fast as with the LF
    return text if begins_with_header(parcel.octets) else b"\n" + text


TARGETS: Mapping[str, _Maker] = {"maildir": _maildir, "mbox": _mbox, "lmtp": _lmtp, "smtp": _smtp}
