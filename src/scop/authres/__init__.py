"""Authentication-Results: the header field in which a receiver says what it checked.

Reads and writes the field, and removes those that a sender put there in our name. It decides nothing
about a mail.

Standards: RFC 8601 (the field), RFC 5322 §3.2.2 (comments and folding), RFC 2045 §5.1 (values).
"""

from scop.authres.field import AuthenticationResults, MethodResult
from scop.authres.forgery import claims_authserv, remove_forged
from scop.authres.parser import parse

__all__ = ["AuthenticationResults", "MethodResult", "claims_authserv", "parse", "remove_forged"]
