"""Reports of those who receive mail to those in whose name it came: aggregate, failure and TLS reports.

Standards: RFC 9990 (aggregate), RFC 7489 appendix C (their old form), RFC 6591 and RFC 9991 (failure), RFC 8460 (TLS).
"""
