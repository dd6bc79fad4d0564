"""What becomes of builds, told in rooms: one thread a pipeline, its first message kept in step.

Webhooks are read by `receive` into a `Report`, which says what one forge says of one pipeline. `fold` and `wanted`
make of reports what should stand in each room, whatever the order in which they came. `creation` and `upkeep` say
how a room should be. All is pure: `scop.store.notices` keeps it, `scop.net.webhooks` takes webhooks in.

Standards: Matrix v1.19 CS §Threading, §Event replacements, §User and room mentions; the documents of the forges.
"""

from scop.matrix.notifier.generic import Template
from scop.matrix.notifier.hooks import Delivery, Forge, Hook, HookRefused, receive
from scop.matrix.notifier.pipeline import Pipeline
from scop.matrix.notifier.report import Job, Report, Stamp
from scop.matrix.notifier.rooms import Room, creation, upkeep
from scop.matrix.notifier.status import Status, status_of
from scop.matrix.notifier.threads import Audience, Known, Wanted, fold, message, pipeline_after, wanted

__all__ = [
    "Audience",
    "Delivery",
    "Forge",
    "Hook",
    "HookRefused",
    "Job",
    "Known",
    "Pipeline",
    "Report",
    "Room",
    "Stamp",
    "Status",
    "Template",
    "Wanted",
    "creation",
    "fold",
    "message",
    "pipeline_after",
    "receive",
    "status_of",
    "upkeep",
    "wanted",
]
