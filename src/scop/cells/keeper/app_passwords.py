"""Generated passwords: one for each program, so that a lost phone costs one of them and not the account.

Standards: RFC 7677 §4 (SCRAM is for passwords that cannot be guessed); NIST SP 800-63B §5.1.2 (look-up secrets).
"""

from __future__ import annotations

import secrets

__all__ = ["new_app_password"]

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 letters and digits; none that is taken for another: l 1, o 0
GROUPS, GROUP_CHARACTERS = 6, 4  # 24 characters of 5 bits: 120 bits


def new_app_password() -> str:
    """Return a password such as `k3md-x9qa-…`; the hyphens belong to it."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_CHARACTERS)) for _ in range(GROUPS))
