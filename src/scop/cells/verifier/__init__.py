"""verifier: one cell of the mesh."""
