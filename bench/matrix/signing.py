"""Signatures on JSON: ours beside `signedjson`, which Synapse signs by, and beside the bare arithmetic of each.

The arithmetic is Ed25519 over the octets that a signature covers, by `cryptography` (OpenSSL) and by PyNaCl (libsodium,
what `signedjson` calls): how far these two are apart bounds what any code around them can gain.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import signedjson.key
import signedjson.sign
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.signing import SigningKey as NaClKey

from bench.matrix.events import KEY, SEED, SERVER, room_events
from bench.matrix.turns import best_of_turns
from scop.cli.shared import console, print_table
from scop.matrix import unpadded_base64
from scop.matrix.json_values import JsonObject
from scop.matrix.signing import sign_json, signed_octets, verify_json

__all__ = ["main"]

EVENTS = 500
GOALS = {"sign": 1.0, "verify": 1.0}


def main() -> bool:
    """Sign and verify by each; tell whether the goals are reached."""
    console.rule("Signed JSON: microseconds of CPU for one event", align="left")
    signed = room_events(EVENTS)
    plain = [{key: value for key, value in event.items() if key != "signatures"} for event in signed]
    signed = [sign_json(event, SERVER, KEY) for event in plain]
    signing = best_of_turns(_signing(plain), EVENTS)
    verifying = best_of_turns(_verifying(signed), EVENTS)
    rows = [(name, f"{one:.1f}", f"{verifying[name]:.1f}") for name, one in signing.items()]
    print_table(("", "signing", "verifying"), rows)
    ratios = {
        "sign": signing["signedjson"] / signing["ours"],
        "verify": verifying["signedjson"] / verifying["ours"],
    }
    console.print(", ".join(f"{kind} ×{ratio:.2f} (goal {GOALS[kind]:g})" for kind, ratio in ratios.items()))
    return all(ratio >= GOALS[kind] for kind, ratio in ratios.items())


def _signing(events: list[JsonObject]) -> dict[str, Callable[[], object]]:
    theirs = signedjson.key.decode_signing_key_base64("ed25519", "1", unpadded_base64.encode(SEED))
    octets = [signed_octets(event) for event in events]
    bare, openssl = NaClKey(SEED), Ed25519PrivateKey.from_private_bytes(SEED)
    return {
        "ours": lambda: [sign_json(event, SERVER, KEY) for event in events],
        "signedjson": lambda: [signedjson.sign.sign_json(dict(event), SERVER, theirs) for event in events],
        "cryptography alone": lambda: [openssl.sign(one) for one in octets],
        "PyNaCl alone": lambda: [bare.sign(one) for one in octets],
    }


def _verifying(events: list[JsonObject]) -> dict[str, Callable[[], object]]:
    theirs = signedjson.key.get_verify_key(
        signedjson.key.decode_signing_key_base64("ed25519", "1", unpadded_base64.encode(SEED))
    )
    bare, openssl = NaClKey(SEED), Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    pairs = [(one, KEY.sign(one)) for one in map(signed_octets, events)]

    def others() -> None:
        for event in events:
            signedjson.sign.verify_signed_json(event, SERVER, theirs)

    def ours() -> None:
        if not all(verify_json(event, SERVER, KEY.key_id, KEY.verify_key) for event in events):
            raise SystemExit("a signature of our own does not hold")

    return {
        "ours": ours,
        "signedjson": others,
        "cryptography alone": lambda: [openssl.verify(signature, one) for one, signature in pairs],
        "PyNaCl alone": lambda: [bare.verify_key.verify(one, signature) for one, signature in pairs],
    }


if __name__ == "__main__":
    sys.exit(not main())
