"""What the verifier may do."""

from scop.mesh.manifest import Manifest, Pipe
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="verifier",
    job="find out who really sent a mail: SPF, DKIM, ARC, DMARC",
    serves=(Pipe("filter", PipeProtocol.LMTP, "mail"),),
    reaches=(
        Pipe("mailbox", PipeProtocol.LMTP, "mail"),
        Pipe("resolver", PipeProtocol.DOT, "policies and public keys"),
        Pipe("receiver", PipeProtocol.CALL, "offenders, and who is honest"),
        Pipe("reporter", PipeProtocol.CALL, "how mail was judged"),
    ),
    watched=True,
)
