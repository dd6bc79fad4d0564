"""The server-server API: one module for each file of the specification, one request for each operation.

Events are JSON here, and made `Pdu` by `scop.matrix.events.parse_pdu`, which knows their room's version.
"""
