"""A sealed mail from nothing: composed, sealed, sent and kept by commands alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from fakes.command_line import scop


def test_sealed_mail_arrives_as_it_was_sealed(tmp_path: Path) -> None:
    """`mail compose | dkim sign | smtp send` to `smtp serve`: what is kept there verifies."""
    place = ("--domain", "harbor.test", "--selector", "s1")
    zone, key = tmp_path / "zone", tmp_path / "key.pem"
    zone.write_text(scop("dkim", "keygen", *place, "--algorithm", "ed25519", "--out", str(key)).out)
    people = ("--from", "ann@harbor.test", "--to", "bob@lagoon.test")
    mail = scop("mail", "compose", *people, "--subject", "tide", stdin="High water at nine.\n").out
    sealed = scop("dkim", "sign", "-", *place, "--key", str(key), stdin=mail).out
    kept = tmp_path / "mail"
    command = [sys.executable, "-m", "scop.cli", "smtp", "serve", "--listen", "127.0.0.1:0", "--json"]
    with subprocess.Popen([*command, "--deliver", f"maildir:{kept}"], stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            (where,) = json.loads(server.stdout.readline())["places"]
            sent = scop("smtp", "send", "--server", where, "-", stdin=sealed)
        finally:
            server.kill()
    assert (0, "") == (sent.status, sent.err)
    (arrived,) = (kept / "new").iterdir()
    verified = scop("dkim", "verify", str(arrived), "--zone", str(zone))
    assert (0, "harbor.test takes responsibility for this mail.") == (verified.status, verified.out.splitlines()[-1])
