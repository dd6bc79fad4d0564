"""The speed of what rooms stand on, and of a client in them."""
