"""Windows of given nets: as they are cut elsewhere, and trees that an evaluator finds joined."""

from __future__ import annotations

import numpy as np
import pytest

from eda_router import (
    CapacityLedger,
    Routes,
    draw_net,
    draw_windows,
    load_model,
    net_windows,
    read,
    verify,
)
from eda_router.neural.tensors import images
from eda_router.neural.windows import cut_states
from tests.generators import random_design, spines

DESIGN = read("synth-tiny")
MODEL = load_model()


def test_windows_show_the_free_tracks_and_pins_of_their_nets() -> None:
    design = random_design(4, width=40, height=12, nets=80, capacity=3)
    ledger = CapacityLedger.of(design, spines(design))
    found = net_windows(design, range(design.num_nets), (8, 16, 32), free=ledger.free)
    assert sorted(net for cut in found for net in cut.nets.tolist()) == list(range(80))
    for cut in found:
        offsets, pins = design.pins_of(cut.nets)
        states = cut_states(ledger.free, cut.origins, offsets, pins, cut.exit.side)
        assert np.array_equal(images(states)[..., 2] > 0, cut.windows.pins)
        if cut.exit.scale == 1:
            assert np.array_equal(cut.images, images(states))


def test_without_a_ledger_all_tracks_are_free() -> None:
    empty = CapacityLedger.of(DESIGN).free
    for one, other in zip(
        net_windows(DESIGN, [5, 3, 3], (8, 16)),
        net_windows(DESIGN, np.array([3, 5]), (8, 16), free=empty),
        strict=True,
    ):
        assert one.nets.tolist() == other.nets.tolist()
        assert np.array_equal(one.images, other.images)
    assert net_windows(DESIGN, [], (8,)) == []


def test_drawn_trees_join_their_pins_through_free_edges() -> None:
    wires: list[list[int]] = [[] for _ in range(DESIGN.num_nets)]
    nets = DESIGN.routable[:60]
    for cut in net_windows(DESIGN, nets, MODEL.exits):
        drawn = draw_windows(MODEL, cut)
        for net, tree, source in zip(drawn.nets, drawn.trees, drawn.sources, strict=True):
            assert (tree is None) == (source == "")
            if tree is not None:
                wires[net] = tree.tolist()
    check = verify(DESIGN, Routes.from_lists(wires))
    joined = {net for net in nets.tolist() if wires[net]}
    assert len(joined) > 50
    assert not joined & set(check.disconnected_nets.tolist())
    assert check.cycles == 0


def test_a_net_is_drawn_as_alone() -> None:
    (cut, *_) = net_windows(DESIGN, DESIGN.routable[:9], MODEL.exits)
    drawn = draw_windows(MODEL, cut)
    for i, net in enumerate(cut.nets.tolist()):
        alone = draw_net(MODEL, DESIGN, None, net)
        assert np.array_equal(alone.seen, cut.images[i])
        assert np.array_equal(alone.tiles, drawn.maps[i, ..., 0]) or alone.tree is None
        if alone.tree is not None:
            assert np.array_equal(np.sort(alone.tree), drawn.trees[i])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: net_windows("d", [0], (8,)), TypeError, "design: str, expected Design"),
        (lambda: net_windows(DESIGN, [0.5], (8,)), TypeError, "nets: float64, expected whole"),
        (lambda: net_windows(DESIGN, [500], (8,)), IndexError, "500 to 500, expected 0 to 499"),
        (lambda: net_windows(DESIGN, [-1], (8,)), IndexError, "nets -1 to -1"),
        (
            lambda: net_windows(DESIGN, [0], (8,), free=DESIGN.capacity[1:]),
            ValueError,
            r"free \(15, 16, 2\), expected \(16, 16, 2\)",
        ),
        (
            lambda: draw_windows(MODEL, net_windows(DESIGN, [2], (4,))[0]),
            ValueError,
            "no exit for windows of 4 tiles",
        ),
    ],
)
def test_wrong_arguments_are_refused(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()
