"""What the reporter may do."""

from scop.mesh.manifest import Manifest, Pipe
from scop.mesh.protocol import PipeProtocol

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="reporter",
    job="tell others how their mail fares here, and read what they tell us",
    serves=(
        Pipe("verifier", PipeProtocol.CALL, "how mail was judged"),
        Pipe("relay", PipeProtocol.CALL, "how TLS went"),
        Pipe("mailbox", PipeProtocol.LMTP, "reports that are addressed to us"),
        Pipe("operator", PipeProtocol.CALL, "see reports, and send them now"),
    ),
    reaches=(
        Pipe("resolver", PipeProtocol.DOT, "who wants reports"),
        Pipe("signer", PipeProtocol.SMTP, "reports to seal"),
    ),
)
