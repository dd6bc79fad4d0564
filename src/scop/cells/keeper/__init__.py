"""keeper: one cell of the mesh."""
