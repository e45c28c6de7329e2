"""Certified bounds beside all routings of tiny designs, and certificates that prove nothing."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from eda_router.cli import main
from eda_router.design import Design, Routes
from eda_router.errors import EdarouteError, InputError
from eda_router.formats import ispd98, route_file
from eda_router.proof.bound import find_bound
from eda_router.proof.certificate import read_certificate, write_certificate
from eda_router.proof.checker import check_certificate, prove
from eda_router.proof.pricing import SCALE
from tests.generators import random_design
from tests.refusals import refused
from tests.simple_trees import all_trees


def optimum(design: Design, kind: str, *, whole: bool) -> tuple[float, Routes | None]:
    """The least overflow, or the least wire without any, by SciPy over all trees of each net.

    Infinite where there is no routing.
    """
    nets = design.routable.tolist()
    trees = [(place, tree) for place, net in enumerate(nets) for tree in all_trees(design, net)]
    edges = 2 * design.num_tiles
    use = np.zeros((edges, len(trees) + edges))
    joined = np.zeros((len(nets), len(trees) + edges))
    for column, (place, tree) in enumerate(trees):
        use[list(tree), column] = 1
        joined[place, column] = 1
    use[:, len(trees) :] = -np.eye(edges)
    lengths = [len(tree) for _, tree in trees]
    overflow = kind == "overflow"
    found = milp(
        np.array([0.0] * len(trees) + [1.0] * edges if overflow else lengths + [0.0] * edges),
        constraints=[
            LinearConstraint(use, ub=design.capacity.reshape(-1)),
            LinearConstraint(joined, 1, 1),
        ],
        bounds=Bounds(0, [np.inf] * len(trees) + [np.inf if overflow else 0.0] * edges),
        integrality=int(whole),
    )
    if not found.success:
        return np.inf, None
    chosen = [[] for _ in range(design.num_nets)]
    for (place, tree), amount in zip(trees, found.x, strict=False):
        if amount > 0.5:
            chosen[nets[place]] = list(tree)
    return found.fun, Routes.from_lists(chosen)


def crowded(seed: int) -> Design:
    """A tiny design with hardly enough tracks."""
    return random_design(seed, width=3, height=3, nets=7, capacity=1 + seed % 2, spread=2)


@pytest.mark.parametrize("kind", ["overflow", "wirelength"])
@pytest.mark.parametrize("seed", range(12))
def test_the_bound_is_what_the_best_fractional_routing_of_all_trees_has(
    seed: int, kind: str
) -> None:
    design = crowded(seed)
    best, _ = optimum(design, kind, whole=False)
    bound = find_bound(design, kind)
    assert bound.proof.exact_nets == bound.proof.nets == len(design.routable)
    if best == np.inf:
        # No routing without overflow: tracks that are not there are as dear as they may be.
        assert bound.proof.bound > 3 * design.num_tiles * len(design.routable)
    else:
        assert bound.proof.bound == np.ceil(best - 1e-6)
        assert bound.fractional == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("kind", ["overflow", "wirelength"])
@pytest.mark.parametrize("seed", range(20))
def test_no_prices_prove_more_than_the_best_routing_has(seed: int, kind: str) -> None:
    design = crowded(seed)
    best, _ = optimum(design, kind, whole=True)
    rng = np.random.default_rng(seed)
    for share in (0.1, 0.5, 1):
        prices = rng.integers(0, SCALE, design.capacity.shape)
        prices[rng.random(prices.shape) > share] = 0
        assert prove(design, kind, prices, SCALE).bound <= best


def written(folder: Path, design: Design) -> tuple[Path, Path, Path]:
    """A design, the best routing of it and a certificate, as files."""
    _, routes = optimum(design, "wirelength", whole=True)
    assert routes is not None
    paths = folder / "d.modified", folder / "d.route", folder / "d.npz"
    ispd98.write(design, paths[0])
    route_file.write(design, routes, paths[1])
    assert main(["bound", str(paths[0]), str(paths[1]), "-o", str(paths[2]), "-q"]) == 0
    return paths


def test_a_certificate_is_checked_by_verify(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    design = crowded(5)
    bench, route, certificate = written(tmp_path, design)
    best, _ = optimum(design, "wirelength", whole=True)
    assert main(["verify", str(bench), str(route), "--certificate", str(certificate)]) == 0
    shown = capsys.readouterr().out
    assert f"no routing without overflow is shorter than {best:.0f}" in shown
    assert f"{best:.0f}, which is optimal" in shown
    assert main(["verify", str(bench), "--certificate", str(certificate)]) == 0
    assert f"shorter than {best:.0f}" in capsys.readouterr().out


def test_the_same_design_gives_the_same_bytes(tmp_path: Path) -> None:
    design = crowded(5)
    _, _, certificate = written(tmp_path, design)
    before = certificate.read_bytes()
    written(tmp_path, design)
    assert certificate.read_bytes() == before


def test_a_certificate_that_was_tampered_with_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench, route, path = written(tmp_path, crowded(5))
    honest = read_certificate(path)
    capsys.readouterr()
    priced = tuple(np.argwhere(honest.prices > 0)[0])
    wrong = honest.prices.copy()
    wrong[priced] += 3 * SCALE
    for forged, why in (
        (dataclasses.replace(honest, bound=honest.bound + 1), "claims"),
        (dataclasses.replace(honest, prices=wrong), "claims"),
        (dataclasses.replace(honest, prices=0 * wrong), "claims"),
        (dataclasses.replace(honest, digest="0" * 64), "another design"),
        (dataclasses.replace(honest, prices=wrong[:-1]), "grid"),
    ):
        write_certificate(forged, path)
        shown = refused(["verify", bench, route, "--certificate", path], tmp_path, capsys)
        assert why in shown
    write_certificate(honest, path)
    content = path.read_bytes()
    for end in (0, 10, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:end])
        assert "certificate" in refused(
            ["verify", bench, route, "--certificate", path], tmp_path, capsys
        )


def test_a_certificate_of_another_design_is_refused() -> None:
    design = crowded(5)
    certificate = find_bound(design, "wirelength").certificate
    other = dataclasses.replace(design, capacity=design.capacity * 2)
    with pytest.raises(EdarouteError, match="another design"):
        check_certificate(other, certificate)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "length"),
        ("scale", 0),
        ("scale", 10**7),
        ("prices", np.full((3, 3, 2), -1)),
        ("prices", np.full((3, 3, 2), 10**12)),
        ("prices", np.zeros((3, 3, 2), np.float64)),
    ],
)
def test_a_certificate_out_of_range_is_refused(field: str, value: object, tmp_path: Path) -> None:
    honest = find_bound(crowded(5), "wirelength").certificate
    with pytest.raises(ValueError, match=field[:4]):
        dataclasses.replace(honest, **{field: value})
    path = tmp_path / "c.npz"
    np.savez(path, **{**dataclasses.asdict(honest), "format": 1, field: value})
    with pytest.raises(InputError, match="no certificate"):
        read_certificate(path)


def test_overflow_prices_above_a_track_are_refused() -> None:
    honest = find_bound(crowded(0), "overflow").certificate
    with pytest.raises(ValueError, match="prices"):
        dataclasses.replace(honest, prices=honest.prices + SCALE + 1)


def test_a_check_out_of_time_proves_less_but_nothing_false() -> None:
    design = random_design(2, width=9, height=9, nets=40, capacity=3, spread=5)
    prices = np.random.default_rng(1).integers(0, SCALE, design.capacity.shape)
    whole = prove(design, "wirelength", prices, SCALE)
    cut = prove(design, "wirelength", prices, SCALE, deadline=0.0)
    assert whole.exact_nets == whole.nets
    assert cut.scaled <= whole.scaled
    assert cut.exact_nets < whole.exact_nets


def test_a_check_ends_while_one_net_is_searched() -> None:
    # 40 pins at random prices: the search for one such tree takes seconds.
    pins = [(tile % 60, tile // 60) for tile in np.random.default_rng(3).permutation(3600)[:40]]
    design = Design.from_pins("wide", 60, 60, 3, 3, [("n", 0, [(int(x), int(y)) for x, y in pins])])
    prices = np.random.default_rng(1).integers(0, SCALE, design.capacity.shape)
    prove(crowded(5), "wirelength", np.zeros(crowded(5).capacity.shape, np.int64), SCALE)
    began = time.monotonic()

    def interrupt(share: float) -> None:
        if time.monotonic() > began + 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prove(design, "wirelength", prices, SCALE, interrupt)
    assert time.monotonic() - began < 1.5
