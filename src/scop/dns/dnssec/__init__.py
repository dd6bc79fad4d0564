"""DNSSEC without I/O: signing RRsets, checking signatures, proofs of absence, and chains of trust."""
