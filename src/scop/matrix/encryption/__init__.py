"""End-to-end encryption: devices, Olm, Megolm, their keys."""
