"""What the keeper may do."""

from scop.mesh.manifest import Manifest, Pipe
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="keeper",
    job="keep accounts, with their whole history",
    serves=(
        Pipe("submission", PipeProtocol.CALL, "who is this, as whom may they send"),
        Pipe("mailbox", PipeProtocol.CALL, "whose address is this"),
        Pipe("relay", PipeProtocol.CALL, "as whom may they send"),
        Pipe("operator", PipeProtocol.CALL, "accounts"),
    ),
)
