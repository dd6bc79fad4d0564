"""pygit2, loaded without the certificate authorities of the machine.

It reads all of them at its import, for the case that a repository is fetched by HTTPS: 1.7 MB that stay.
The folder that it is shown instead holds none, so nothing could be fetched from a stranger either.
Whoever imports pygit2 does so from here, or it is loaded before it can be told.
"""

from __future__ import annotations

import os

__all__ = ["ConfigLevel", "CredentialType", "FileMode", "GitError", "SortMode", "pygit2"]

# What OpenSSL and `ssl.get_default_verify_paths` heed. pygit2 fails where neither a file nor a folder is there.
_NO_AUTHORITIES = {"SSL_CERT_FILE": "/nonexistent", "SSL_CERT_DIR": "/dev"}

_before = {name: os.environ.get(name) for name in _NO_AUTHORITIES}
os.environ.update(_NO_AUTHORITIES)
try:
    import pygit2
    from pygit2 import GitError
    from pygit2.enums import ConfigLevel, CredentialType, FileMode, SortMode
finally:
    for _name, _value in _before.items():
        if _value is None:
            del os.environ[_name]
        else:
            os.environ[_name] = _value
