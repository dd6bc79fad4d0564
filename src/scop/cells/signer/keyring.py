"""The signer's private keys: made at the first start, kept in its own folder, never shown to anyone.

A file is named after its selector, and a selector after the day of its key, so that a later key
can stand beside an earlier one in the DNS while mail sealed by it is under way.

Standards: RFC 6376 §3.1 (selectors).
"""

from __future__ import annotations

import time
from pathlib import Path

from scop.dkim import Algorithm, SigningKey, generate_key, key_from_pem, key_to_pem
from scop.mesh.whole_file import write_whole

__all__ = ["load_or_make_keys"]

_FOLDER = "keys"
_SUFFIX = ".pem"
_PREFIX = {Algorithm.RSA_SHA256: "rsa", Algorithm.ED25519_SHA256: "ed25519"}


def load_or_make_keys(state: Path, domain: str, now_unix: float) -> tuple[SigningKey, ...]:
    """Return one key for each algorithm; durable before it returns. Raises `ValueError` that names a bad file."""
    folder = state / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    keys = [_load(path, domain) for path in sorted(folder.glob(f"*{_SUFFIX}"))]
    newest = {key.algorithm: key for key in keys}  # by name, and names sort by day
    for algorithm in Algorithm:
        if algorithm not in newest:
            newest[algorithm] = _make(folder, domain, algorithm, now_unix)
    return tuple(newest[algorithm] for algorithm in Algorithm)


def _load(path: Path, domain: str) -> SigningKey:
    try:
        return key_from_pem(domain, path.name.removesuffix(_SUFFIX), path.read_bytes())
    except (ValueError, TypeError) as error:  # TypeError: a key with a password
        raise ValueError(f"{path} holds no DKIM key: {error}") from error


def _make(folder: Path, domain: str, algorithm: Algorithm, now_unix: float) -> SigningKey:
    day = time.strftime("%Y%m%d", time.gmtime(now_unix))
    key = generate_key(domain, f"{_PREFIX[algorithm]}-{day}", algorithm)
    write_whole(folder / f"{key.selector}{_SUFFIX}", key_to_pem(key))
    return key
