"""resolver: one cell of the mesh."""
