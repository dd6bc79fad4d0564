"""The questions between cells that no standard has words for: one module per answering cell."""
