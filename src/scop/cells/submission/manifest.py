"""What submission may do."""

from scop.mesh.manifest import Listener, Manifest, Pipe, Transport
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="submission",
    job="take mail from our own users",
    reaches=(
        Pipe("keeper", PipeProtocol.CALL, "who is this, as whom may they send"),
        Pipe("signer", PipeProtocol.SMTP, "accepted mail"),
    ),
    listeners=(Listener("submission", Transport.TCP), Listener("submissions", Transport.TCP)),
    public_tls=True,
)
