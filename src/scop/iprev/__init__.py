"""iprev: the name that the DNS gives an address, believed only if it leads back to it.

`reverse_name` is a generator: it yields DNS questions, is sent their answers and returns a `ReverseName`.

Standards: RFC 8601 §2.7.3 and §3 (iprev), RFC 1035 §3.5 and RFC 3596 §2.5 (reverse mapping).
"""

from scop.iprev.check import IprevWord, ReverseName, reverse_name

__all__ = ["IprevWord", "ReverseName", "reverse_name"]
