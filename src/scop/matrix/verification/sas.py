"""One side of a verification by short authentication strings: people compare pictures or numbers on two devices.

Theory of operation. Whoever starts sends what it can do; the other accepts, with the hash of a key that it shows only
after it has seen the starter's. From both keys comes a secret, from it what people compare. Whoever's person agrees
sends MACs of the keys to be verified; when the other's are right too, they are.

    starter:  start → (accept) key → (key) SHOWN → confirm: mac → (mac) VERIFIED
    accepter: (start) accept → (key) key SHOWN → confirm: mac → (mac) VERIFIED

Every message that is not in its place, or wrong, raises `VerificationRefused`; then the machine is of no more use.

Standards: Matrix v1.19 CS §Short Authentication String (SAS) verification.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Chance
from scop.matrix.verification.cancel_codes import CancelCode, VerificationRefused
from scop.matrix.verification.contents import PREFIX, Accept, Key, Mac, SasStart, read_content
from scop.matrix.verification.parties import FlowId, Side, VerifiedKeys
from scop.matrix.verification.sas_emoji import Emoji
from scop.matrix.verification.sas_secret import EphemeralKey, SasSecret, commitment, overlapping_base64

__all__ = ["SAS_METHOD", "Sas", "SasOptions", "SasState", "ShortStrings"]

SAS_METHOD = "m.sas.v1"
_AGREEMENT = "curve25519-hkdf-sha256"
_HASH = "sha256"
_MAC = "hkdf-hmac-sha256.v2"
_OLD_MAC = "hkdf-hmac-sha256"
_ALGORITHM = "ed25519:"
_KEY_IDS = "KEY_IDS"

_Answers = tuple[tuple[str, JsonObject], ...]  # type without prefix, and content


@dataclass(frozen=True, slots=True)
class SasOptions:
    """What people can compare here, and how much is taken from others.

    # Lenient: `takes_nio` takes matrix-nio 0.26 (its issue 570), which writes its commitment in hex, and MACs by the
    # old method in correct base64. The same octets are checked. Only its numbers are right, not its pictures.
    """

    strings: tuple[str, ...] = ("emoji", "decimal")
    takes_nio: bool = False

    @property
    def macs(self) -> tuple[str, ...]:
        """The methods of MACs that are taken, the best first."""
        return (_MAC, _OLD_MAC) if self.takes_nio else (_MAC,)


class SasState(StrEnum):
    """How far it is."""

    STARTED = "accept awaited"
    ACCEPTED = "key awaited"
    SHOWN = "people compare"
    CONFIRMED = "ours agree, MACs awaited"
    AUTHENTICATED = "MACs came, ours still compare"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class ShortStrings:
    """What people compare; what the other device does not show is empty."""

    decimals: tuple[int, ...]
    emoji: tuple[Emoji, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    """What was agreed on."""

    mac: str
    strings: tuple[str, ...]


class Sas:
    """The machine of one side; made by `start` or `accept`."""

    def __init__(
        self, flow_id: FlowId, sides: tuple[Side, Side], key: EphemeralKey, options: SasOptions, start: JsonObject
    ) -> None:
        self._flow_id = flow_id
        self._ours, self._theirs = sides
        self._key = key
        self._options = options
        self._start = start
        self._is_starter = True
        self._choice: _Choice | None = None
        self._commitment = b""
        self._secret: SasSecret | None = None
        self._verified: VerifiedKeys | None = None
        self._writes_hex = False
        self.state = SasState.STARTED

    @classmethod
    def start(cls, flow_id: FlowId, sides: tuple[Side, Side], chance: Chance, options: SasOptions) -> Sas:
        """Return the side that starts (sides: ours, theirs); `start_content` is to be sent."""
        content: JsonObject = {
            "from_device": sides[0].device_id,
            "method": SAS_METHOD,
            "key_agreement_protocols": [_AGREEMENT],
            "hashes": [_HASH],
            "message_authentication_codes": list(options.macs),
            "short_authentication_string": list(options.strings),
        }
        return cls(flow_id, sides, EphemeralKey(chance(32)), options, flow_id.mark(content))

    @property
    def start_content(self) -> JsonObject:
        """What began it."""
        return self._start

    @classmethod
    def accept(
        cls, flow_id: FlowId, sides: tuple[Side, Side], chance: Chance, options: SasOptions, start: JsonObject
    ) -> tuple[Sas, _Answers]:
        """Return the side that accepts the content of a start, and what it answers; raises `VerificationRefused`."""
        sas = cls(flow_id, sides, EphemeralKey(chance(32)), options, start)
        return sas, sas._accept(read_content(start, SasStart))

    def _accept(self, start: SasStart) -> _Answers:
        self._is_starter = False
        mac = next((mac for mac in self._options.macs if mac in start.message_authentication_codes), None)
        strings = tuple(one for one in self._options.strings if one in start.short_authentication_string)
        if mac is None or not strings or _AGREEMENT not in start.key_agreement_protocols or _HASH not in start.hashes:
            raise VerificationRefused(CancelCode.UNKNOWN_METHOD, "no way of SAS that both devices know")
        self._choice, self.state = _Choice(mac, strings), SasState.ACCEPTED
        self._writes_hex = mac == _OLD_MAC
        digest = commitment(self._key.public, self._start)
        content: JsonObject = {
            "method": SAS_METHOD,
            "key_agreement_protocol": _AGREEMENT,
            "hash": _HASH,
            "message_authentication_code": mac,
            "short_authentication_string": list(strings),
            "commitment": digest.hex() if self._writes_hex else unpadded_base64.encode(digest),
        }
        return self._answers("accept", content)

    def _answers(self, kind: str, content: JsonObject) -> _Answers:
        return ((kind, self._flow_id.mark(content)),)

    @property
    def strings(self) -> ShortStrings:
        """What people compare."""
        secret, choice = self._established(), self._choice
        assert choice is not None
        return ShortStrings(
            secret.decimals() if "decimal" in choice.strings else (),
            secret.emoji() if "emoji" in choice.strings else (),
        )

    @property
    def verified(self) -> VerifiedKeys | None:
        """What is verified of the other side, once it is."""
        return self._verified if self.state is SasState.VERIFIED else None

    def receive(self, kind: str, content: JsonObject) -> _Answers:
        """Take a message (its type without prefix) and return the answers to it; raises `VerificationRefused`."""
        taken = self._TAKEN.get((self.state, kind))
        if taken is None:
            raise VerificationRefused(CancelCode.UNEXPECTED_MESSAGE, f"{PREFIX}{kind} while: {self.state}")
        return taken(self, content)

    def confirm(self) -> _Answers:
        """Return what is to be sent when our person says that the strings are equal."""
        if self.state not in (SasState.SHOWN, SasState.AUTHENTICATED):
            raise LocalProtocolError(f"nothing to confirm: {self.state}")
        self.state = SasState.VERIFIED if self.state is SasState.AUTHENTICATED else SasState.CONFIRMED
        # Matrix v1.19 CS §SAS step 15: our device's key, and our master key, as far as we believe in it.
        keys = {_ALGORITHM + self._ours.device_id: self._ours.device_key}
        if self._ours.master_key is not None and self._ours.trusts_master:
            keys[_ALGORITHM + self._ours.master_key] = self._ours.master_key
        macs: JsonObject = {key_id: self._mac(self._ours, key_id, key) for key_id, key in keys.items()}
        return self._answers("mac", {"mac": macs, "keys": self._mac(self._ours, _KEY_IDS, ",".join(sorted(keys)))})

    def _take_accept(self, content: JsonObject) -> _Answers:
        accept = read_content(content, Accept)
        strings = tuple(one for one in self._options.strings if one in accept.short_authentication_string)
        is_offered = (
            accept.key_agreement_protocol == _AGREEMENT
            and accept.hash == _HASH
            and accept.message_authentication_code in self._options.macs
        )
        if not is_offered or not strings or not set(accept.short_authentication_string) <= set(self._options.strings):
            raise VerificationRefused(CancelCode.UNKNOWN_METHOD, "a way of SAS was chosen that was not offered")
        self._choice = _Choice(accept.message_authentication_code, strings)
        self._commitment = self._read_commitment(accept.commitment)
        self.state = SasState.ACCEPTED
        return self._answers("key", {"key": self._key.public})

    def _read_commitment(self, text: str) -> bytes:
        if self._options.takes_nio and len(text) == 64:
            try:
                octets = bytes.fromhex(text)
            except ValueError:
                pass
            else:
                self._writes_hex = True
                return octets
        return _octets(text)

    def _take_key(self, content: JsonObject) -> _Answers:
        theirs = read_content(content, Key).key
        # Matrix v1.19 CS §SAS step 11: the key is the one that they committed to before they knew ours.
        if self._is_starter and not hmac.compare_digest(commitment(theirs, self._start), self._commitment):
            raise VerificationRefused(CancelCode.MISMATCHED_COMMITMENT, "another key than the one committed to")
        if theirs == self._key.public:
            raise VerificationRefused(CancelCode.INVALID_MESSAGE, "our own key came back")
        try:
            secret = self._key.agree(theirs)
        except RemoteProtocolError as error:
            raise VerificationRefused(CancelCode.INVALID_MESSAGE, str(error)) from error
        sides, keys = (self._ours, self._theirs), (self._key.public, theirs)
        if not self._is_starter:
            sides, keys = (self._theirs, self._ours), (theirs, self._key.public)
        self._secret = SasSecret(secret, *sides, *keys, self._flow_id.text)
        self.state = SasState.SHOWN
        return () if self._is_starter else self._answers("key", {"key": self._key.public})

    def _take_mac(self, content: JsonObject) -> _Answers:
        self._verified = self._check(read_content(content, Mac))
        self.state = SasState.AUTHENTICATED if self.state is SasState.SHOWN else SasState.VERIFIED
        return ()

    def _check(self, mac: Mac) -> VerifiedKeys:
        """Return the keys whose MACs are right; raises `VerificationRefused` where one is not, or none is there."""
        # Matrix v1.19 CS §SAS step 17. Keys are compared by what they are, never by their ids alone.
        theirs = self._theirs
        if theirs.is_ambiguous:
            raise VerificationRefused(CancelCode.KEY_MISMATCH, "a device has the id of a cross-signing key")
        self._compare(mac.keys, _KEY_IDS, ",".join(sorted(mac.mac)))
        found: dict[str, str] = {}
        known = {theirs.device_id: theirs.device_key}
        if theirs.master_key is not None:
            known[theirs.master_key] = theirs.master_key
        for key_id, sent in mac.mac.items():
            name = key_id.removeprefix(_ALGORITHM)
            if key_id.startswith(_ALGORITHM) and name in known:  # other keys are no concern of ours
                self._compare(sent, key_id, known[name])
                found[name] = known[name]
        if not found:
            raise VerificationRefused(CancelCode.KEY_MISMATCH, "no key of theirs that we know is among the MACs")
        master = found.get(theirs.master_key) if theirs.master_key is not None else None
        return VerifiedKeys(theirs.user_id, theirs.device_id, found.get(theirs.device_id), master)

    def _compare(self, sent: str, item: str, text: str) -> None:
        octets, choice = self._established().mac(self._theirs, item, text), self._choice
        assert choice is not None
        right = [unpadded_base64.encode(octets)]
        if choice.mac == _OLD_MAC:
            right.append(overlapping_base64(octets))
        bare = sent.rstrip("=").encode(errors="replace")
        if not any(hmac.compare_digest(bare, one.encode()) for one in right):
            raise VerificationRefused(CancelCode.KEY_MISMATCH, f"the MAC of {item!r} is another")

    def _mac(self, sender: Side, item: str, text: str) -> str:
        octets, choice = self._established().mac(sender, item, text), self._choice
        assert choice is not None
        is_overlapping = choice.mac == _OLD_MAC and not self._writes_hex
        return overlapping_base64(octets) if is_overlapping else unpadded_base64.encode(octets)

    def _established(self) -> SasSecret:
        if self._secret is None:
            raise LocalProtocolError(f"no secret yet: {self.state}")
        return self._secret

    # What may come when, and who takes it; the starter awaits an accept, then both await a key, then MACs.
    _TAKEN: ClassVar[dict[tuple[SasState, str], Callable[[Sas, JsonObject], _Answers]]] = {
        (SasState.STARTED, "accept"): _take_accept,
        (SasState.ACCEPTED, "key"): _take_key,
        (SasState.SHOWN, "mac"): _take_mac,
        (SasState.CONFIRMED, "mac"): _take_mac,
    }


def _octets(text: str) -> bytes:
    try:
        return unpadded_base64.decode(text)
    except RemoteProtocolError as error:
        raise VerificationRefused(CancelCode.INVALID_MESSAGE, "a commitment that is not base64") from error
