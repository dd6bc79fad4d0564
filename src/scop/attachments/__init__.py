"""Looks into what a mail brings along, and says what is dangerous, how much, where and why.

Standards: none of its own; each module names the format that it reads.
"""

from scop.attachments.finding import Finding, Kind, Severity

__all__ = ["Finding", "Kind", "Severity"]
