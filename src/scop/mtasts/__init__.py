"""MTA-STS: a domain says over HTTPS that its mail hosts speak TLS with certificates that the web would trust.

Standards: RFC 8461.
"""
