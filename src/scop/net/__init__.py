"""Sockets, TLS and the drivers that carry the protocol libraries: everything here does I/O, nothing decides policy."""
