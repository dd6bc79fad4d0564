"""Real mail servers of others, each started in a folder of its own on loopback and ended by itself."""
