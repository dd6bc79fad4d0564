"""Asks a mail for everything that it can say: what the benches of growth and the fuzzer spend their time in."""

from __future__ import annotations

from scop.mime import Entity, Message

__all__ = ["touch_entity", "touch_everything"]


def touch_everything(message: Message) -> None:
    """Read every field in every form, every leaf, every defect and ambiguity, and the tree of values."""
    for entity in message.walk():
        touch_entity(entity)
    for name in ("From", "To", "Cc"):
        message.addresses(name)
    _ = message.date
    message.values()


def touch_entity(entity: Entity) -> None:
    """Read what one entity says, without its parts."""
    header = entity.header
    header.items()
    for field in header.fields:
        _ = field.body, field.value
    header.get("Subject")
    header.every("Received")
    _ = entity.content_type, entity.disposition, entity.filename
    if not entity.parts:
        _ = entity.content, entity.text
    _ = entity.defects, entity.ambiguities
