"""Zones without I/O: read and written as master files, looked up, answered from, changed, signed and transferred.

Standards: RFC 1034, RFC 1035 §5, RFC 2136, RFC 2181, RFC 4035 §2 and §3.
"""

from scop.dns.zone.answer import Zones
from scop.dns.zone.zone import Node, Nodes, Zone

__all__ = ["Node", "Nodes", "Zone", "Zones"]
