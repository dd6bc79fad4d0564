"""What the mailbox may do."""

from scop.mesh.manifest import Manifest, Pipe
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="mailbox",
    job="store mail",
    serves=(
        Pipe("verifier", PipeProtocol.LMTP, "mail from the Internet"),
        Pipe("relay", PipeProtocol.LMTP, "mail from our own users, and bounces"),
        Pipe("operator", PipeProtocol.CALL, "list and show mail"),
    ),
    reaches=(
        Pipe("keeper", PipeProtocol.CALL, "whose address is this"),
        Pipe("filter", PipeProtocol.CALL, "what people moved, and a person's own view"),
        Pipe("signer", PipeProtocol.SMTP, "forwards, and notices that mail was delivered"),
        Pipe("reporter", PipeProtocol.LMTP, "reports that are addressed to us"),
    ),
)
