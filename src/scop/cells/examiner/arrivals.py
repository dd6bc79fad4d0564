"""Mails on their way in, piece by piece, each into memory that in the end nobody can change.

Standards: Linux memfd_create(2), fcntl(2) (file seals).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections import Counter, OrderedDict

from scop.base import Clock
from scop.base.sources import Sources
from scop.mesh.underway import DIGEST_OCTETS
from scop.mesh.vocabulary.examiner import ExamineMail
from scop.net.faults import PermanentFailure, TemporaryFailure

__all__ = ["Arrivals", "ArrivedMail"]

MAX_ARRIVING = 64  # mails at once; one more, and the one that got its last piece longest ago is let go
MAX_HELD_OCTETS = 512 << 20  # of all that wait, and all that arrive, as long as they will be
MAX_CLIENT_OCTETS = 128 << 20  # of these for one client, so that others have room
SILENT_SECONDS = 30.0  # whose next piece does not come: who brought it has given up after 25
# F_SEAL_*: no more seals, not shorter, not longer, not otherwise
_FINAL = 0x1 | 0x2 | 0x4 | 0x8


class ArrivedMail:
    """A mail in memory behind a descriptor, of which `total_octets` are announced; closed by who took it."""

    def __init__(self, client: str, total_octets: int) -> None:
        self.client = client
        self.total_octets = total_octets
        self.octets = 0
        self.touched = 0.0  # when the last piece came, on the clock of who keeps it
        self.descriptor = os.memfd_create("mail", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self._digest = hashlib.blake2b(digest_size=DIGEST_OCTETS)

    @property
    def digest(self) -> bytes:
        """What the mail is known by, as `scop.mesh.underway.digest_of`."""
        return self._digest.digest()

    def append(self, octets: bytes) -> None:
        """Add a piece."""
        left = memoryview(octets)
        while left:
            left = left[os.write(self.descriptor, left) :]
        self._digest.update(octets)
        self.octets += len(octets)

    def finish(self) -> None:
        """Let nobody change it any more: who reads it and who scans it see the same."""
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, _FINAL)

    def close(self) -> None:
        """Let go of the memory."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Arrivals:
    """Takes pieces; `max_mail_octets` bounds one mail."""

    def __init__(self, max_mail_octets: int, clock: Clock) -> None:
        self._max_mail_octets = max_mail_octets
        self._clock = clock
        self._sources = Sources()
        self._mails: OrderedDict[str, ArrivedMail] = OrderedDict()
        self._held_octets: Counter[str] = Counter()  # by client

    def take(self, piece: ExamineMail) -> ArrivedMail | None:
        """Take a piece; return the mail with its last one, for the caller to `release`.

        Raises `PermanentFailure` for a piece that fits nowhere, and `TemporaryFailure` where there is no room.
        """
        mail = self._begin(piece) if piece.offset == 0 else self._mails.get(piece.ident)
        if mail is None or mail.octets != piece.offset or piece.offset + len(piece.octets) > mail.total_octets:
            raise PermanentFailure("a piece of a mail that is not here as far as that; begin anew")
        mail.append(piece.octets)
        mail.touched = self._clock.monotonic()
        self._mails.move_to_end(piece.ident)
        if mail.octets < mail.total_octets:
            return None
        del self._mails[piece.ident]
        mail.finish()
        return mail

    def release(self, mail: ArrivedMail) -> None:
        """Let go of a mail that was taken."""
        self._held_octets[mail.client] -= mail.total_octets
        self._held_octets += Counter()  # forgets whoever holds nothing any more
        mail.close()

    def _begin(self, piece: ExamineMail) -> ArrivedMail:
        if piece.total_octets > self._max_mail_octets:
            raise PermanentFailure(f"a mail of {piece.total_octets} octets, at most {self._max_mail_octets}")
        self._drop(piece.ident)
        self._make_room()
        client = self._client_of(piece.client)
        held, of_client = self._held_octets.total(), self._held_octets[client]
        if held and held + piece.total_octets > MAX_HELD_OCTETS:  # one alone passes, as long as mail may be
            raise TemporaryFailure("too many octets are being examined")
        if of_client and of_client + piece.total_octets > MAX_CLIENT_OCTETS:
            raise TemporaryFailure("too many octets of one client are being examined")
        mail = self._mails[piece.ident] = ArrivedMail(client, piece.total_octets)
        self._held_octets[mail.client] += mail.total_octets
        return mail

    def _client_of(self, address: str) -> str:
        """Return what a client is known by: a host of IPv6 has as many addresses as it likes (RFC 6177 §2)."""
        source = self._sources.of(address)
        return address if source is None else source.host

    def _make_room(self) -> None:
        """Let go of mails that nobody brings any more; the one that was silent longest comes first."""
        silent = self._clock.monotonic() - SILENT_SECONDS
        while self._mails:
            ident, mail = next(iter(self._mails.items()))
            if len(self._mails) < MAX_ARRIVING and mail.touched > silent:
                return
            self._drop(ident)

    def _drop(self, ident: str) -> None:
        mail = self._mails.pop(ident, None)
        if mail is not None:
            self.release(mail)
