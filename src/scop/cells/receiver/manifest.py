"""What the receiver may do."""

from scop.mesh.manifest import Listener, Manifest, Pipe, Transport
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="receiver",
    job="take mail from the Internet; shut the door to who abuses it",
    serves=(
        Pipe("verifier", PipeProtocol.CALL, "offenders, and who is honest"),
        Pipe("filter", PipeProtocol.CALL, "who sends spam"),
        Pipe("operator", PipeProtocol.CALL, "see and change who is let in"),
    ),
    reaches=(
        Pipe("filter", PipeProtocol.LMTP, "mail"),
        Pipe("resolver", PipeProtocol.DOT, "the client's reverse name, lists of others"),
        Pipe("primary", PipeProtocol.DOT, "publish the list by UPDATE with TSIG"),
    ),
    listeners=(Listener("smtp", Transport.TCP),),
    public_tls=True,
)
