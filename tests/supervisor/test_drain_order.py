"""The order in which a mesh drains."""

from scop.cells import manifests
from scop.supervisor.supervisor import drain_order


def test_drain_order_stops_a_cell_when_nobody_dials_it_any_more() -> None:
    """What was taken in is carried to its owner first; circles end at the public door and at the signer."""
    order = [manifest.name for manifest in drain_order(manifests())]
    late = [
        (manifest.name, pipe.peer)
        for manifest in manifests()
        for pipe in manifest.reaches
        if order.index(manifest.name) > order.index(pipe.peer)
    ]
    assert late == [
        ("relay", "signer"),
        ("filter", "receiver"),
        ("verifier", "receiver"),
        ("mailbox", "filter"),  # lessons, which are on the disk
        ("mailbox", "signer"),
        ("reporter", "signer"),
    ]


def test_drain_order_names_every_cell_once() -> None:
    """Nobody is forgotten."""
    assert sorted(manifest.name for manifest in manifests()) == sorted(m.name for m in drain_order(manifests()))
