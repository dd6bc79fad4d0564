"""ARC: what those who carried a mail on say it looked like when it reached them, in a chain of seals.

Standards: RFC 8617 (ARC), RFC 8601 §2.7 (words of the result).
"""

from scop.arc.result import ArcResult, ArcWord

__all__ = ["ArcResult", "ArcWord"]
