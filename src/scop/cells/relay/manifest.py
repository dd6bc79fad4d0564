"""What the relay may do."""

from scop.mesh.manifest import Manifest, Pipe, World
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="relay",
    job="carry outgoing mail: queue, retry, notices",
    serves=(
        Pipe("signer", PipeProtocol.SMTP, "sealed mail"),
        Pipe("operator", PipeProtocol.CALL, "look at the queue"),
    ),
    reaches=(
        Pipe("resolver", PipeProtocol.DOT, "MX and addresses, our own SPF"),
        Pipe("mailbox", PipeProtocol.LMTP, "local recipients, and notices to them"),
        Pipe("signer", PipeProtocol.SMTP, "notices to seal"),
        Pipe("keeper", PipeProtocol.CALL, "as whom may they send"),
        Pipe("reporter", PipeProtocol.CALL, "how TLS went"),
    ),
    world=(World.SMTP, World.HTTPS),
)
