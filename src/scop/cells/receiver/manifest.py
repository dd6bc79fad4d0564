"""What the receiver may do."""

from scop.mesh.manifest import Listener, Manifest, Pipe, Transport
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="receiver",
    job="take mail from the Internet",
    reaches=(
        Pipe("filter", PipeProtocol.LMTP, "mail"),
        Pipe("resolver", PipeProtocol.DOT, "the client's reverse name"),
    ),
    listeners=(Listener("smtp", Transport.TCP),),
    public_tls=True,
)
