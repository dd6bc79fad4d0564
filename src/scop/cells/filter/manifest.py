"""What the filter may do."""

from scop.mesh.manifest import Manifest, Pipe
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="filter",
    job="say how much a mail looks like spam",
    serves=(
        Pipe("receiver", PipeProtocol.LMTP, "mail"),
        Pipe("mailbox", PipeProtocol.CALL, "what people moved, and a person's own view"),
        Pipe("operator", PipeProtocol.CALL, "install a trained model"),
    ),
    reaches=(
        Pipe("verifier", PipeProtocol.LMTP, "mail"),
        Pipe("examiner", PipeProtocol.CALL, "attachments"),
        Pipe("receiver", PipeProtocol.CALL, "who sends spam, and malware"),
    ),
    watched=True,
)
