"""The client-server API: one module for each file of its OpenAPI."""
