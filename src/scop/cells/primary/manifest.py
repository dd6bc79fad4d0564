"""What the primary may do."""

from scop.mesh.manifest import Listener, Manifest, Pipe, Transport, World
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="primary",
    job="answer for our own zones",
    serves=(
        Pipe("signer", PipeProtocol.DOT, "publish keys by UPDATE with TSIG"),
        Pipe("receiver", PipeProtocol.DOT, "publish the list of addresses by UPDATE with TSIG"),
        Pipe("operator", PipeProtocol.CALL, "look at zones and their history, change them"),
    ),
    reaches=(Pipe("resolver", PipeProtocol.DOT, "see which of our keys the parent vouches for"),),
    listeners=(Listener("dns", Transport.UDP), Listener("dns", Transport.TCP), Listener("dot", Transport.TCP)),
    world=(World.GIT, World.ZONES),
    datagrams=True,
    public_tls=True,
)
