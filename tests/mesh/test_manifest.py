"""Manifests agree with each other and with the design."""

import dataclasses

import pytest

from scop.cells import manifest_of, manifests
from scop.mesh.manifest import OPERATOR, Manifest, MeshError, Pipe, check_mesh
from scop.mesh.protocol import PipeProtocol


def test_manifest_every_pipe_is_named_at_both_ends() -> None:
    """The shipped mesh has no one-sided pipe and none between a cell and itself."""
    edges = check_mesh((*manifests(), OPERATOR))
    assert [] == [edge for edge in edges if edge[0] == edge[1]]


def test_manifest_two_cells_speak_one_protocol_only() -> None:
    """The identity decides the protocol, so an edge has exactly one."""
    edges = check_mesh((*manifests(), OPERATOR))
    assert len({(source, target) for source, target, _ in edges}) == len(edges)


@pytest.mark.parametrize("end", ["reaches", "serves"])
def test_manifest_a_pipe_that_only_one_end_names_is_refused(end: str) -> None:
    """A cell cannot grant itself a pipe."""
    honest, pipe = manifest_of("filter"), Pipe("keeper", PipeProtocol.CALL, "curious")
    greedy = {
        "reaches": dataclasses.replace(honest, reaches=(*honest.reaches, pipe)),
        "serves": dataclasses.replace(honest, serves=(*honest.serves, pipe)),
    }[end]
    others = tuple(manifest for manifest in manifests() if manifest.name != "filter")
    with pytest.raises(MeshError, match="is not in the manifest of keeper"):
        check_mesh((*others, greedy, OPERATOR))


def test_manifest_only_the_dns_cells_have_datagrams() -> None:
    """UDP leaves from two cells."""
    assert {"primary", "resolver"} == {manifest.name for manifest in manifests() if manifest.datagrams}


def test_manifest_a_pipe_that_is_not_named_has_no_protocol() -> None:
    """Dialling needs a grant."""
    with pytest.raises(MeshError, match="filter has no pipe to keeper"):
        manifest_of("filter").protocol_with("keeper")


def test_manifest_is_a_value() -> None:
    """Nobody changes a manifest while the mesh runs."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Manifest("a", "b").name = "c"  # type: ignore[misc]  # the point of the test
