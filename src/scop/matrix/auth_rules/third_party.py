"""Invitations of whom an identity server knows: signed by a key that an m.room.third_party_invite names.

Standards: Matrix v1.19, Rooms v12 §Authorisation rules 5.4.1; CS §Third-party invites; Appendices §Signing JSON.
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.matrix.auth_rules.authorisation import Authorisation, allow, refuse
from scop.matrix.auth_rules.clauses import Clause
from scop.matrix.auth_rules.standing import Standing
from scop.matrix.events import Pdu
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.signing import verify_json

__all__ = ["judge_third_party_invite"]

# Our own: an event of 65,535 octets has room for hundreds of keys and signatures, and each pair costs a check.
MAX_CHECKED_SIGNATURES = 64

# CS §m.room.third_party_invite: keys are in "Unpadded Base64, using the standard or URL-safe alphabets".
_FROM_URL_SAFE = str.maketrans("-_", "+/")


def judge_third_party_invite(event: Pdu, target: str, room: Standing) -> Authorisation:
    """Judge an invitation that has `third_party_invite`."""
    rules = event.rules
    # 5.4.1.1: "If target user is banned, reject."
    if room.membership(target) == "ban":
        return refuse(rules, Clause.THIRD_PARTY_BANNED)
    # 5.4.1.2: "If content.third_party_invite does not have a signed property, reject."
    invite = event.content["third_party_invite"]
    signed = invite.get("signed") if isinstance(invite, dict) else None
    if not isinstance(signed, dict):
        return refuse(rules, Clause.THIRD_PARTY_UNSIGNED)
    # 5.4.1.3: "If signed does not have mxid and token properties, reject."
    mxid, token = signed.get("mxid"), signed.get("token")
    if mxid is None or not isinstance(token, str):
        return refuse(rules, Clause.THIRD_PARTY_SHAPE)
    # 5.4.1.4: "If mxid does not match state_key, reject."
    if mxid != target:
        return refuse(rules, Clause.THIRD_PARTY_OTHER)
    return _judge_signed(event, signed, room.state.get(("m.room.third_party_invite", token)))


def _judge_signed(event: Pdu, signed: JsonObject, invite: Pdu | None) -> Authorisation:
    rules = event.rules
    # 5.4.1.5: "If there is no m.room.third_party_invite event in the current room state with state_key matching token,
    # reject."
    if invite is None:
        return refuse(rules, Clause.THIRD_PARTY_UNKNOWN)
    # 5.4.1.6: "If sender does not match sender of the m.room.third_party_invite, reject."
    if event.sender != invite.sender:
        return refuse(rules, Clause.THIRD_PARTY_SENDER)
    # 5.4.1.7: "If any signature in signed matches any public key in the m.room.third_party_invite event, allow."
    for tried, (clause, public_key, signer, key_id) in enumerate(_pairs(signed, invite.content)):
        if tried == MAX_CHECKED_SIGNATURES:
            break
        if verify_json(signed, signer, key_id, public_key, strict=rules.is_canonical_json_strict):
            return allow(rules, clause)
    # 5.4.1.8: "Otherwise, reject."
    return refuse(rules, Clause.THIRD_PARTY_OTHERWISE)


def _pairs(signed: JsonView, content: JsonView) -> Iterator[tuple[Clause, str, str, str]]:
    for clause, public_key in _public_keys(content):
        for signer, key_id in _signatures(signed):
            yield clause, public_key, signer, key_id


def _public_keys(content: JsonView) -> Iterator[tuple[Clause, str]]:
    # 5.4.1.7.1: "A single public key in the public_key property."
    single = content.get("public_key")
    if isinstance(single, str):
        yield Clause.THIRD_PARTY_SINGLE, single.translate(_FROM_URL_SAFE)
    # 5.4.1.7.2: "A list of public keys in the public_keys property."
    several = content.get("public_keys")
    for entry in several if isinstance(several, list) else []:
        public_key = entry.get("public_key") if isinstance(entry, dict) else None
        if isinstance(public_key, str):
            yield Clause.THIRD_PARTY_LIST, public_key.translate(_FROM_URL_SAFE)


def _signatures(signed: JsonView) -> Iterator[tuple[str, str]]:
    signatures = signed.get("signatures")
    for signer, by_key in signatures.items() if isinstance(signatures, dict) else []:
        for key_id in by_key if isinstance(by_key, dict) else []:
            if key_id.startswith("ed25519:"):
                yield signer, key_id
