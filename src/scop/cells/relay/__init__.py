"""relay: one cell of the mesh."""
