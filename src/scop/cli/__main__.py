"""`python -m scop.cli`: the `scop` command."""

from scop.cli import main

main()
