"""Every endpoint of the client-server and server-server APIs as a typed request and its response."""

from scop.matrix.api.endpoint import Access, Body, InHeader, InPath, InQuery, WholeBody
from scop.matrix.api.unknown_keys import read_json, with_unknown

__all__ = ["Access", "Body", "InHeader", "InPath", "InQuery", "WholeBody", "read_json", "with_unknown"]
