"""mailbox: one cell of the mesh."""
