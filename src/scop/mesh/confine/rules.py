"""What one process may still touch once it is confined."""

from __future__ import annotations

from dataclasses import dataclass, field

from scop.mesh.confine.permits import NURSERY, SERVICE, UDP_SERVICE, Permits

__all__ = ["Limits", "Rules"]

MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what the process can use up; past them its own calls fail, and no neighbour's."""

    memory_octets: int = 2 << 30  # a hundred recipients of a mail of 50 MB are parsed one by one
    open_files: int = 4096  # connections and the database


@dataclass(frozen=True, slots=True)
class Rules:
    """The rights of one process; everything else is refused.

    Port 0 in `bind_ports` grants a port picked by the kernel, which a socket needs that is bound to a
    source address before it connects. `uid` and `gid` are what a process started as root becomes, unless it
    `keeps_user`: then it stays who it is, without a capability, because it works on the files of who started it.
    """

    read_paths: tuple[str, ...] = ()  # files, or folders with all below; those that are not there are left out
    write_paths: tuple[str, ...] = ()  # folders it may change, and read; they must exist
    connect_ports: tuple[int, ...] = ()  # TCP
    bind_ports: tuple[int, ...] = ()  # TCP
    udp: bool = False  # may open new UDP sockets
    children: bool = False  # may load code, have children and seal them; then it has no sockets
    uid: int | None = None
    gid: int | None = None
    keeps_user: bool = False
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        for port in (*self.connect_ports, *self.bind_ports):
            if not 0 <= port <= MAX_PORT:
                raise ValueError(f"not a port: {port}")
        if (self.uid is None) != (self.gid is None):
            raise ValueError("uid and gid are named both or not at all")
        if 0 in (self.uid, self.gid):
            raise ValueError("a confined process never becomes root")
        if self.keeps_user and self.uid is not None:
            raise ValueError("who keeps its user becomes no other")
        if self.children and (self.connect_ports or self.bind_ports or self.udp or self.write_paths):
            raise ValueError("who has children dials nobody, and writes no files")

    @property
    def permits(self) -> Permits:
        """The system calls that the process needs."""
        if self.children:
            return NURSERY
        return UDP_SERVICE if self.udp else SERVICE
