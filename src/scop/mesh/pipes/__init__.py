"""Pipes: TLS 1.3 connections between cells, on which each end knows the other by its certificate.

A pipe says who is there and that nobody listens in. What is spoken on it is another library's: the
inlet looks up the one protocol granted to that neighbour and hands the open connection to it.

Theory of operation. TLS comes first and judges chain and dates. Then a `Threshold` has the connection
and keeps what the other says while the one function `check_identity` judges the name. Only then the real
protocol is made, given the transport, and given what was kept. A client whose certificate is refused
sees an open connection for a moment (TLS 1.3 answers after the client is done) and learns of it at its
first read; nothing it sends in between reaches a protocol.

Standards: RFC 8446 (TLS 1.3), RFC 5280 (certificates).
"""

from scop.mesh.pipes.dialer import pipe_dialer
from scop.mesh.pipes.identity import PipeIdentity
from scop.mesh.pipes.inlet import PipeInlet, PipeLimits

__all__ = ["PipeIdentity", "PipeInlet", "PipeLimits", "pipe_dialer"]
