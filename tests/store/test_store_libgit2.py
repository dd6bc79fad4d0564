"""pygit2 is loaded without the certificate authorities of the machine, and nobody else notices."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, os
before = dict(os.environ)
import scop.store.versioned
import pygit2
print(json.dumps([pygit2.settings.ssl_cert_file, pygit2.settings.ssl_cert_dir, before == dict(os.environ)]))
"""


def test_libgit2_reads_no_authorities_and_leaves_the_environment() -> None:
    """Whichever part of the store is loaded first, pygit2 saw no file and an empty folder; then all is as before."""
    environment = {"SSL_CERT_DIR": "/etc/ssl/certs", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment
    )
    assert [None, "/dev", True] == json.loads(done.stdout)
