"""What the resolver may do."""

from scop.mesh.manifest import Manifest, Pipe, World
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="resolver",
    job="ask the world's name servers, and remember",
    serves=(
        Pipe("relay", PipeProtocol.DOT, "MX and addresses, our own SPF"),
        Pipe("receiver", PipeProtocol.DOT, "the client's reverse name, lists of others"),
        Pipe("verifier", PipeProtocol.DOT, "policies and public keys"),
        Pipe("signer", PipeProtocol.DOT, "see keys before they are used"),
        Pipe("primary", PipeProtocol.DOT, "the DS of our zones in their parents"),
        Pipe("reporter", PipeProtocol.DOT, "who wants reports"),
        Pipe("operator", PipeProtocol.CALL, "resolve a name and see why it is secure"),
    ),
    world=(World.DNS,),
    datagrams=True,
)
