"""Who behaved how: counts with decay for addresses, networks and authenticated domains, and what follows from them.

Standards: RFC 5782 (lists of addresses and names in the DNS).
"""
