"""submission: one cell of the mesh."""
