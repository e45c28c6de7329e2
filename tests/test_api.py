"""Wrong arguments of the public functions are refused with what was expected."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import eda_router
from eda_router import (
    CapacityLedger,
    Design,
    LayeredRoutes,
    RouteConfig,
    Routes,
    assign_layers,
    read,
    read_guide,
    route,
    route_layered,
    verify,
    verify_guide,
    write_guide,
)
from eda_router.errors import CapacityError, EdarouteError, InputError
from eda_router.formats import ispd98, route_file
from eda_router.synthesis import designs as synthesis
from tests.layered import layered_design

DESIGN = Design.from_pins("d", 4, 3, 2, 1, [("a", 0, [(0, 0), (3, 2)])])
LAYERED = layered_design(1)
ROUTES = Routes.from_lists([[]])
MAZE = RouteConfig(router="maze")
CAPACITY = DESIGN.capacity
INT8, INT32 = np.zeros(0, np.int8), np.zeros(0, np.int32)


def ledger() -> CapacityLedger:
    return CapacityLedger.of(DESIGN)


def from_pins(*nets: object, width: object = 4, tracks: object = 2) -> Design:
    return Design.from_pins("d", width, 3, tracks, 1, nets)


WRONG = [
    (lambda: route(None), TypeError, "design: NoneType, expected Design"),
    (lambda: route("ibm01"), TypeError, "design: str, expected Design"),
    (lambda: route(DESIGN, {"effort": "high"}), TypeError, "config: dict, expected RouteConfig"),
    (lambda: route(DESIGN, {}), TypeError, "config: dict, expected RouteConfig"),
    (lambda: route(DESIGN, effort="high"), TypeError, "effort"),
    (lambda: route(DESIGN, MAZE, on_pass=3), TypeError, "on_pass: int, expected a function"),
    (lambda: route_layered(None), TypeError, "design: NoneType, expected Design"),
    (lambda: route_layered(LAYERED, {}), TypeError, "config: dict, expected RouteConfig"),
    (lambda: route_layered(DESIGN), EdarouteError, "design d has no layers"),
    (lambda: assign_layers(ROUTES, DESIGN), TypeError, "design: Routes, expected Design"),
    (lambda: assign_layers(LAYERED, LAYERED), TypeError, "routes: Design, expected Routes"),
    (lambda: assign_layers(LAYERED, ROUTES), ValueError, "routes of 1 nets, expected 3"),
    (lambda: assign_layers(DESIGN, ROUTES), EdarouteError, "design d has no layers"),
    (lambda: verify(ROUTES, DESIGN), TypeError, "design: Routes, expected Design"),
    (lambda: verify(DESIGN, route(DESIGN, MAZE)), TypeError, "RoutingResult, expected Routes"),
    (lambda: verify(DESIGN, Routes.from_lists([])), ValueError, "routes of 0 nets, expected 1"),
    (lambda: verify(DESIGN, Routes.from_lists([[99]])), ValueError, "99 to 99, expected 0 to 23"),
    (lambda: verify(DESIGN, ROUTES, -1), ValueError, "repeated -1, expected 0 or more"),
    (lambda: verify(DESIGN, ROUTES, "x"), TypeError, "repeated: str, expected int"),
    (lambda: read(None), TypeError, "path: NoneType, expected str or Path"),
    (lambda: read(3), TypeError, "path: int, expected str or Path"),
    (lambda: read("no.txt"), InputError, "no.txt: cannot be read"),
    (lambda: read("synth-tiny", lefs=1), TypeError, "lefs"),
    (lambda: eda_router.write(None, "x"), TypeError, "design: NoneType, expected Design"),
    (lambda: eda_router.bounds(ROUTES), TypeError, "design: Routes, expected Design"),
    (lambda: eda_router.train(MAZE, "x"), TypeError, "config: RouteConfig, expected TrainConfig"),
    (lambda: read_guide("no.guide", DESIGN), EdarouteError, "design d has no layers"),
    (lambda: read_guide("no.guide", None), TypeError, "design: NoneType, expected Design"),
    (lambda: read_guide("no.guide", LAYERED), InputError, "no.guide: cannot be read"),
    (lambda: write_guide(DESIGN, "x"), TypeError, "layered: Design, expected LayeredRoutes"),
    (lambda: verify_guide(DESIGN, None), EdarouteError, "design d has no layers"),
    (lambda: verify_guide(LAYERED, ROUTES), TypeError, "guide: Routes, expected Guide"),
    (lambda: LayeredRoutes(1, 2, 3, 4), TypeError, "design: int, expected Design"),
    (lambda: LayeredRoutes(LAYERED, 2, INT8, INT32), TypeError, "routes: int, expected Routes"),
    (lambda: LayeredRoutes(LAYERED, ROUTES, [], INT32), TypeError, "edge_layers: list, expected"),
    (lambda: LayeredRoutes(LAYERED, ROUTES, INT32, INT32), TypeError, "int32, expected int8"),
    (lambda: LayeredRoutes(LAYERED, ROUTES, INT8, INT32), ValueError, r"attached \(0,\), expected"),
    (lambda: CapacityLedger.of(None), TypeError, "design: NoneType, expected Design"),
    (lambda: CapacityLedger.of(DESIGN, DESIGN), TypeError, "routes: Design, expected Routes"),
    (lambda: CapacityLedger.of(DESIGN, Routes.from_lists([[24]])), ValueError, "0 to 23"),
    (lambda: CapacityLedger([[1]]), TypeError, "capacity: list, expected ndarray"),
    (lambda: CapacityLedger(CAPACITY * 1.0), TypeError, "capacity: float64, expected int32"),
    (lambda: CapacityLedger(CAPACITY[0]), ValueError, r"expected \(\.\.\., height, width, 2\)"),
    (lambda: CapacityLedger(CAPACITY, CAPACITY * 1.0), TypeError, "demand: float64"),
    (lambda: CapacityLedger(CAPACITY, CAPACITY[1:]), ValueError, r"demand \(2, 4, 2\), expected"),
    (lambda: ledger().commit([24]), ValueError, "edges 24 to 24, expected 0 to 23"),
    (lambda: ledger().commit([-1]), ValueError, "edges -1 to -1, expected 0 to 23"),
    (lambda: ledger().commit([0.5]), TypeError, "edges: float64, expected .* whole numbers"),
    (lambda: ledger().commit([0, 2, 0]), ValueError, "twice, expected distinct edges"),
    (lambda: ledger().release([99]), ValueError, "edges 99 to 99, expected 0 to 23"),
    (lambda: ledger().release([0]), CapacityError, "no net uses"),
    (lambda: ledger().set_costs([1], [1]), ValueError, r"base \(1,\), expected \(49,\)"),
    (lambda: ledger().raise_history(1.0), ValueError, "expected set_costs before"),
    (lambda: RouteConfig(seed=-1), InputError, "seed: -1, expected a whole number from 0"),
    (lambda: RouteConfig(seed=1.5), InputError, "seed: 1.5, expected a whole number"),
    (lambda: RouteConfig(seed=True), InputError, "seed: True, expected a whole number"),
    (lambda: RouteConfig(negotiate=1), InputError, "negotiate: 1, expected true or false"),
    (lambda: RouteConfig(effort=None), InputError, "effort: None, expected one of low"),
    (lambda: dataclasses.replace(MAZE, efort="low"), TypeError, r"did you mean effort\?"),
    (lambda: synthesis.SynthConfig(widht=3), TypeError, r"did you mean width\?"),
    (lambda: synthesis.synthesize(None), TypeError, "config: NoneType, expected SynthConfig"),
    (lambda: synthesis.write(MAZE, "x"), TypeError, "config: RouteConfig, expected SynthConfig"),
    (lambda: ispd98.write(None, "x"), TypeError, "design: NoneType, expected Design"),
    (lambda: route_file.write(DESIGN, DESIGN, "x"), TypeError, "routes: Design, expected Routes"),
    (lambda: route_file.write(LAYERED, ROUTES, "x"), ValueError, "routes of 1 nets, expected 3"),
    (lambda: route_file.read("x", None), TypeError, "design: NoneType, expected Design"),
    (lambda: Design.from_pins("d", 4, 3, 2, 1, None), TypeError, "not iterable"),
    (lambda: Design.from_pins(7, 4, 3, 2, 1, []), TypeError, "name: int, expected str"),
    (lambda: from_pins(("a", [(0, 0)])), TypeError, r"net 0: .*expected \(name, id, "),
    (lambda: from_pins(("a", 0, [(0, 0, 1)])), TypeError, r"expected \(name, id, \[\(x, y\)"),
    (lambda: from_pins(("a", 0, [0, 1])), TypeError, r"expected \(name, id, \[\(x, y\)"),
    (lambda: from_pins(("a", 0, None)), TypeError, r"expected \(name, id, \[\(x, y\)"),
    (lambda: from_pins(("a", 0, [("0", 1)])), TypeError, "expected whole numbers of tiles"),
    (lambda: from_pins(("a", "x", [(0, 0)])), TypeError, "id of net 'a': 'x', expected a whole"),
    (lambda: from_pins(("a", 2**70, [(0, 0)])), ValueError, "id of net 'a': .*, expected -"),
    (lambda: from_pins((5, 0, [(0, 0)])), TypeError, "net_names: int, expected str"),
    (lambda: from_pins(tracks=2.5), TypeError, "vertical capacity: 2.5, expected a whole"),
    (lambda: from_pins(tracks=-2), ValueError, "vertical capacity: -2, expected 0 to"),
    (lambda: from_pins(tracks=2**40), ValueError, "expected 0 to 2147483647"),
    (lambda: from_pins(width=4.0), TypeError, "width: float, expected int"),
    (lambda: from_pins(width="4"), TypeError, "width: str, expected int"),
    (lambda: from_pins(width=-4), ValueError, "grid of -4 x 3 tiles, expected 1 to"),
    (lambda: from_pins(width=10**9), ValueError, "expected 1 to 16777216 tiles"),
    (lambda: DESIGN.net_pins(1), IndexError, "net 1, expected 0 to 0"),
    (lambda: DESIGN.net_pins(-1), IndexError, "net -1, expected 0 to 0"),
    (lambda: ROUTES.net_edges(7), IndexError, "net 7, expected 0 to 0"),
    (lambda: Routes.from_lists([["a"]]), TypeError, "edge id: 'a', expected a whole number"),
    (lambda: Routes.from_lists([[1.5]]), TypeError, "edge id: 1.5, expected a whole number"),
    (lambda: Routes.from_lists([[-1]]), ValueError, "edge id: -1, expected 0 to"),
    (lambda: Routes.from_lists([[2**40]]), ValueError, "edge id: 1099511627776, expected 0 to"),
    (
        lambda: Routes(np.array([0, 1]), np.array([-4], np.int32)),
        ValueError,
        "edge id -4, expected 0 or more",
    ),
]


@pytest.mark.parametrize(
    ("call", "error", "message"), WRONG, ids=[f"{n}-{case[2][:30]}" for n, case in enumerate(WRONG)]
)
def test_wrong_arguments_are_refused_with_what_was_expected(
    call, error, message, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        call()
    assert not list(tmp_path.iterdir())


def test_numbers_of_numpy_and_paths_are_taken(tmp_path: Path) -> None:
    config = RouteConfig(seed=np.int64(3), time_limit=np.float64(2.5), model=tmp_path)
    assert (config.seed, config.time_limit, config.model) == (3, 2.5, str(tmp_path))
    assert type(config.seed) is int
    design = Design.from_pins("d", np.int32(4), 3, np.int8(2), 1, [("a", np.int64(7), [(0, 0)])])
    assert (design.width, design.net_ids.tolist()) == (4, [7])
    assert Routes.from_lists([np.array([4, 2, 4])]).edges.tolist() == [2, 4]
    ledger = CapacityLedger.of(DESIGN)
    ledger.commit([])
    ledger.commit([0, 2])
    assert ledger.demand.sum() == 2


def test_what_a_run_hands_back_is_one_line() -> None:
    result = route(DESIGN, MAZE)
    check = verify(DESIGN, result.routes)
    assert repr(result) == "RoutingResult('d', wirelength 5, overflow 0, 0 nets unrouted)"
    assert repr(result.ledger) == "CapacityLedger(4 x 3 tiles, demand 5, overflow 0)"
    assert repr(check).startswith("Verification(nets=1, nets_to_route=1, wirelength=5, ")
    for value in (result, result.ledger, check, result.routes, LAYERED, LAYERED.layers):
        assert len(repr(value).splitlines()) == 1
        assert len(repr(value)) < 200


def test_names_that_are_not_there_say_so() -> None:
    with pytest.raises(AttributeError, match="module 'eda_router' has no attribute 'rout'"):
        _ = eda_router.rout
    assert set(eda_router.__all__) <= set(dir(eda_router))
