"""Whose devices these are: cross-signing, SAS and QR codes, secret storage, key backup."""
