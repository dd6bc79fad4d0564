"""filter: one cell of the mesh."""
