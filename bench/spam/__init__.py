"""Spam: how well it is known, beside others in the same run, how fast, and what an attacker can do about it."""
