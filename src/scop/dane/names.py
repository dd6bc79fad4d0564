"""Whether a certificate bears one of the names that a mail host may answer to.

Standards: RFC 7672 §3.2.3 (names), RFC 9525 §6.3 (a wildcard stands for one whole label, the first).
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["is_named"]


def is_named(presented: Iterable[str], wanted: Iterable[str]) -> bool:
    """Tell whether one of the `presented` DNS names of a certificate covers one of the `wanted` names."""
    references = [_key(name) for name in wanted if name]
    return any(_covers(_key(name), reference) for name in presented for reference in references)


def _key(name: str) -> str:
    return name.lower().removesuffix(".")


def _covers(presented: str, reference: str) -> bool:
    if presented == reference:
        return True
    wildcard, _, parent = presented.partition(".")
    label, _, rest = reference.partition(".")
    # Two labels at least behind the wildcard: `*.test` would cover everybody's.
    return wildcard == "*" and "." in parent and bool(label) and parent == rest
