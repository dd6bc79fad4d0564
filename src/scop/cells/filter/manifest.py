"""What the filter may do."""

from scop.mesh.manifest import Manifest, Pipe
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="filter",
    job="say how much a mail looks like spam",
    serves=(
        Pipe("receiver", PipeProtocol.LMTP, "mail"),
        Pipe("operator", PipeProtocol.CALL, "install a trained model"),
    ),
    reaches=(
        Pipe("verifier", PipeProtocol.LMTP, "mail"),
        Pipe("receiver", PipeProtocol.CALL, "who sends spam"),
    ),
)
