"""Signatures of events: how a server vouches for what it sends, and what is believed of what it sent.

A signature covers the redacted event, so that it holds for a redacted copy too; the content hash holds the rest. An
event whose signatures fail is dropped; one whose hash fails is used redacted, for a redacted copy is what it must be.

Standards: Matrix v1.19, Server-Server API §Signing Events; Room Version 5 §Signing key validity period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from scop.matrix import unpadded_base64
from scop.matrix.events.hashes import content_hash, has_right_hash
from scop.matrix.events.pdu import Pdu
from scop.matrix.events.redaction import redact
from scop.matrix.ids import server_name_of
from scop.matrix.json_values import JsonObject, JsonView, object_in
from scop.matrix.room_versions import EventIdFormat, RoomVersion
from scop.matrix.signing import SigningKey, VerifyKey, sign_json, verify_json

__all__ = ["ServerKey", "are_signatures_right", "check_hashes", "countersign_pdu", "required_signers", "sign_pdu"]

_WEEK_MS = 7 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class ServerKey:
    """A server's key as far as it is known: valid until a time, or expired at one (`old_verify_keys`)."""

    verify_key: VerifyKey
    valid_until_ms: int
    expired_ms: int | None = None

    def counts_at(self, origin_server_ts: int, now_ms: int, rules: RoomVersion) -> bool:
        """Return whether a signature by it says something about an event of a time."""
        # Matrix v1.19 SS §Validating hashes and signatures: keys "known to have expired prior to the event's
        # origin_server_ts are ignored".
        if self.expired_ms is not None:
            return origin_server_ts <= self.expired_ms
        # Matrix v1.19 rooms/v5 §Signing key validity period: "the lesser of valid_until_ts and 7 days into the future".
        return not rules.enforces_key_validity or origin_server_ts <= min(self.valid_until_ms, now_ms + _WEEK_MS)


def sign_pdu(event: JsonView, rules: RoomVersion, signer: str, key: SigningKey) -> JsonObject:
    """Return an event with its content hash and a signature of `signer`; the one given is not changed."""
    # Matrix v1.19 SS §Adding hashes and signatures to outgoing events.
    hashed = {**event, "hashes": {"sha256": unpadded_base64.encode(content_hash(event, rules))}}
    return countersign_pdu(hashed, rules, signer, key)


def countersign_pdu(event: JsonView, rules: RoomVersion, signer: str, key: SigningKey) -> JsonObject:
    """Return an event that bears its hash, with one more signature (invites, restricted joins, policy servers)."""
    strict = rules.is_canonical_json_strict
    return {**event, "signatures": sign_json(redact(event, rules), signer, key, strict=strict)["signatures"]}


def required_signers(pdu: Pdu) -> tuple[str, ...]:
    """Return the servers that must have signed an event."""
    signers = []
    # Matrix v1.19 SS §Validating hashes and signatures: "the server which actually sends the event may be a different
    # server" for an invite by a third party, which is signed by itself.
    if not _is_third_party_invite(pdu):
        signers.append(server_name_of(pdu.sender))
    # Ibid.: "Room versions 1 and 2 also require that a signature is present from the domain in the event_id".
    if pdu.rules.event_id_format is EventIdFormat.SERVER:
        signers.append(server_name_of(pdu.event_id))
    # Matrix v1.19 rooms/v8 rule 4.2: "validly signed by the homeserver of the user ID denoted by the key".
    authoriser = pdu.content.get("join_authorised_via_users_server")
    if pdu.rules.allows_restricted_joins and pdu.type == "m.room.member" and isinstance(authoriser, str):
        signers.append(server_name_of(authoriser))
    return tuple(dict.fromkeys(signers))


def _is_third_party_invite(pdu: Pdu) -> bool:
    return (
        pdu.type == "m.room.member"
        and pdu.content.get("membership") == "invite"
        and "third_party_invite" in pdu.content
    )


def are_signatures_right(pdu: Pdu, keys: Mapping[tuple[str, str], ServerKey], now_ms: int) -> bool:
    """Return whether each required server has signed an event; `keys` are those known, by server and key id.

    All signatures by known keys that count must be right, and of each server there must be one.
    """
    redacted = {**redact(pdu.json, pdu.rules), "signatures": pdu.json.get("signatures")}
    return all(_has_signed(redacted, signer, pdu, keys, now_ms) for signer in required_signers(pdu))


def _has_signed(
    redacted: JsonView, signer: str, pdu: Pdu, keys: Mapping[tuple[str, str], ServerKey], now_ms: int
) -> bool:
    by_signer = object_in(object_in(pdu.json, "signatures"), signer)
    known = ((key_id, keys[signer, key_id]) for key_id in by_signer if (signer, key_id) in keys)
    counting = [(key_id, key) for key_id, key in known if key.counts_at(pdu.origin_server_ts, now_ms, pdu.rules)]
    strict = pdu.rules.is_canonical_json_strict
    return bool(counting) and all(
        verify_json(redacted, signer, key_id, key.verify_key, strict=strict) for key_id, key in counting
    )


def check_hashes(pdu: Pdu) -> Pdu:
    """Return an event as it may be used: itself, or redacted where it does not say what its server hashed."""
    if has_right_hash(pdu.json, pdu.rules):
        return pdu
    redacted = redact(pdu.json, pdu.rules)
    content = redacted["content"]
    return replace(pdu, json=redacted, content=content if isinstance(content, dict) else {})
