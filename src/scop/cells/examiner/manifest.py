"""What the examiner may do."""

from scop.mesh.manifest import Manifest, Pipe, World
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="examiner",
    job="look into attachments",
    serves=(Pipe("filter", PipeProtocol.CALL, "mail with attachments"),),
    world=(World.SCANNER,),
    watched=True,
)
