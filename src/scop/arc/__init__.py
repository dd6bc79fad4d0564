"""ARC: what those who carried a mail on say it looked like when it reached them, in a chain of seals.

`validate` is a generator that asks for public keys and returns whether the chain is whole, `seal` returns the fields to
prepend. Nothing here touches the network, files or the clock, and nothing decides whom to trust.

Standards: RFC 8617 (ARC), RFC 8601 §2.7 (words of the result).
"""

from scop.arc.result import ArcResult, ArcWord
from scop.arc.seal import seal
from scop.arc.validate import validate

__all__ = ["ArcResult", "ArcWord", "seal", "validate"]
