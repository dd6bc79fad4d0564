"""What the signer may do."""

from scop.mesh.manifest import Manifest, Pipe
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="signer",
    job="seal outgoing mail with DKIM and publish the public keys",
    serves=(
        Pipe("submission", PipeProtocol.SMTP, "accepted mail"),
        Pipe("relay", PipeProtocol.SMTP, "notices to seal"),
        Pipe("mailbox", PipeProtocol.SMTP, "forwards and notices to seal"),
        Pipe("reporter", PipeProtocol.SMTP, "reports to seal"),
        Pipe("operator", PipeProtocol.CALL, "see keys, and rotate them"),
    ),
    reaches=(
        Pipe("primary", PipeProtocol.DOT, "publish keys by UPDATE with TSIG"),
        Pipe("resolver", PipeProtocol.DOT, "see keys before they are used"),
        Pipe("relay", PipeProtocol.SMTP, "sealed mail"),
    ),
)
