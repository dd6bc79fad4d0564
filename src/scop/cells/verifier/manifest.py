"""What the verifier may do."""

from scop.mesh.manifest import Manifest, Pipe
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="verifier",
    job="find out who really sent a mail: SPF, DKIM, DMARC",
    serves=(Pipe("filter", PipeProtocol.LMTP, "mail"),),
    reaches=(
        Pipe("mailbox", PipeProtocol.LMTP, "mail"),
        Pipe("resolver", PipeProtocol.DOT, "policies and public keys"),
    ),
)
