"""signer: one cell of the mesh."""
