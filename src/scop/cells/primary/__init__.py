"""primary: one cell of the mesh."""
