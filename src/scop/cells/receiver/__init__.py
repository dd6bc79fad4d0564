"""receiver: one cell of the mesh."""
