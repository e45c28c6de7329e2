"""Designs of two-pin nets, made by scripts/two_pin.py."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from eda_router.design import Design
from eda_router.formats import ispd98
from tests.generators import random_design

SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("two_pin")


def crowd() -> Design:
    return random_design(3, width=15, height=9, nets=60, capacity=4, spread=6)


def pairs_of(made: Design, name: str) -> list[list[int]]:
    """The two pins of each part of a net."""
    return [
        made.net_pins(net).tolist()
        for net in range(made.num_nets)
        if made.net_names[net].rpartition(".")[0] == name
    ]


def test_a_chain_is_a_shortest_spanning_tree_as_scipys(script: ModuleType) -> None:
    design = crowd()
    made = script.two_pin(design, "chain")
    assert np.array_equal(made.capacity, design.capacity)
    for net in design.routable.tolist():
        tiles = design.net_pins(net)
        pairs = np.searchsorted(tiles, pairs_of(made, design.net_names[net]))
        x, y = tiles % design.width, tiles // design.width
        between = abs(x[:, None] - x) + abs(y[:, None] - y)
        joined = np.zeros_like(between)
        joined[pairs[:, 0], pairs[:, 1]] = 1
        assert connected_components(joined)[0] == 1
        assert len(pairs) == len(tiles) - 1
        assert between[joined > 0].sum() == minimum_spanning_tree(between).sum()


def test_a_row_pairs_neighbours_in_order(script: ModuleType) -> None:
    pins = [(3, 0), (1, 1), (0, 0), (4, 2), (2, 1)]
    design = Design.from_pins("d", 5, 3, 2, 3, [("n", 0, pins), ("inside", 1, [(1, 1)])])
    made = script.two_pin(design, "row")
    assert pairs_of(made, "n") == [[0, 3], [6, 7]]
    assert made.num_nets == 2


def test_large_nets_can_be_left_out(script: ModuleType) -> None:
    design = crowd()
    counts = np.diff(design.pin_offsets)
    made = script.two_pin(design, "chain", 3)
    assert made.num_nets == (counts[(counts > 1) & (counts <= 3)] - 1).sum()


def test_it_writes_a_design_and_refuses_bad_input_in_one_line(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench, out = tmp_path / "d.modified", tmp_path / "two.modified"
    ispd98.write(crowd(), bench)

    def run(*arguments: object) -> int:
        monkeypatch.setattr("sys.argv", ["two_pin.py", *map(str, arguments)])
        return int(script.main())

    assert run(bench, out, "--split", "row") == 0
    assert (np.diff(ispd98.read(out).pin_offsets) == 2).all()
    for arguments in ((tmp_path / "none", out), (bench, bench)):
        capsys.readouterr()
        with pytest.raises(SystemExit, match="2"):
            run(*arguments)
        assert capsys.readouterr().err.count("\n") == 1
