"""DANE for SMTP: the domain's own signed DNS says which certificate its mail host must show.

Standards: RFC 6698 (TLSA), RFC 7671 (operation), RFC 7672 (SMTP).
"""
