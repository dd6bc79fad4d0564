"""SCoP: mail and chat as a mesh of small confined cells, and the libraries that they are made of."""
