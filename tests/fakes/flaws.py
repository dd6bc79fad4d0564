"""What is wrong with a mail that a test wrote down in a line."""

from __future__ import annotations

from scop.mime import DefectKind, Entity

__all__ = ["flaws"]


def flaws(entity: Entity) -> tuple[DefectKind, ...]:
    """Return the kinds of an entity's defects, but that it is a mail without Date or From, as short ones are."""
    return tuple([defect.kind for defect in entity.defects if defect.kind != DefectKind.MISSING_FIELD])
