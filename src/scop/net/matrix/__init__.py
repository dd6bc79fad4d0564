"""Carries what `scop.matrix.Client` asks for: HTTP by aiohttp, waiting, retrying, a durable store."""
