"""Synthetic designs: repeatable to the byte, and like the circuits that they imitate."""

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_router import resources
from eda_router.cli.synth import command
from eda_router.config import RouteConfig
from eda_router.formats import ispd98
from eda_router.routing.maze import route_maze
from eda_router.synthesis import designs
from eda_router.synthesis.designs import SynthConfig, synthesize

BUNDLED = {
    "synth-tiny": SynthConfig(width=16, height=16, nets=500, seed=5),
    "synth-small": SynthConfig(width=32, height=32, nets=2600, seed=3),
    "synth02": SynthConfig(width=80, height=64, nets=18429, locality=1.15, seed=2),
}


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_designs_can_be_made_again(name, tmp_path):
    path = resources.folder("data") / f"{name}.modified.gz"
    designs.write(BUNDLED[name], tmp_path / "again.modified.gz")
    assert ispd98.read_bytes(tmp_path / "again.modified.gz") == ispd98.read_bytes(path)


@settings(max_examples=40)
@given(
    st.builds(
        SynthConfig,
        width=st.integers(2, 20),
        height=st.integers(2, 20),
        nets=st.integers(1, 80),
        seed=st.integers(0, 2**31 - 1),
        trivial=st.floats(0, 1),
        repeated=st.floats(0, 1),
        locality=st.floats(0.05, 20),
        hot_spots=st.floats(0, 5),
    )
)
def test_any_settings_make_a_sound_design(config):
    design = synthesize(config)
    assert design.num_nets == config.nets
    assert design.pins.min() >= 0
    assert design.pins.max() < design.num_tiles
    for net in range(design.num_nets):
        assert np.all(np.diff(design.net_pins(net)) > 0)
    assert design.horizontal_capacity.min() > 0
    assert design.vertical_capacity.min() > 0
    assert np.array_equal(synthesize(config).pins, design.pins)


def test_a_written_design_reads_back_with_repeated_tiles_merged(tmp_path):
    config = SynthConfig(width=20, height=20, nets=400, seed=9)
    design = designs.write(config, tmp_path / "d.modified")
    again = ispd98.read(tmp_path / "d.modified")
    assert np.array_equal(again.pins, design.pins)
    assert np.array_equal(again.pin_offsets, design.pin_offsets)
    assert np.array_equal(again.capacity, design.capacity)
    lines = (tmp_path / "d.modified").read_text().splitlines()
    assert len(lines) > 4 + 400 + len(design.pins), "no tile is repeated"


def test_designs_are_like_the_circuits():
    """The ranges of the six ISPD98 circuits in common use, a little widened."""
    design = synthesize(BUNDLED["synth02"])
    counts = design.pin_counts[design.routable]
    assert 0.2 < 1 - len(design.routable) / design.num_nets < 0.28
    assert 0.46 < np.mean(counts == 2) < 0.6
    assert 3.3 < counts.mean() < 4.5
    boxes = design.net_boxes[design.routable]
    side = np.max(boxes[:, 2:] - boxes[:, :2], axis=1) + 1
    assert 0.65 < np.mean(side <= 8) < 0.85
    assert 0.85 < np.mean(side <= 16) < 0.95
    assert 0.95 < np.mean(side <= 32) < 1.0
    density = np.bincount(design.pins, minlength=design.num_tiles)
    assert 0.3 < density.std() / density.mean() < 0.6


def test_the_small_design_needs_negotiation_and_can_be_routed():
    result = route_maze(synthesize(BUNDLED["synth-tiny"]), RouteConfig())
    assert result.passes[0].overflow > 0
    assert result.total_overflow == 0
    assert len(result.unrouted) == 0


def test_the_command(tmp_path):
    path = tmp_path / "d.modified.gz"
    arguments = [str(path), "--width", "12", "--height", "9", "--nets", "50", "--seed", "4"]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "12 x 9 tiles" in result.output
    first = path.read_bytes()
    assert CliRunner().invoke(command, [*arguments, "-q"], catch_exceptions=False).output == ""
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("width", "height", "nets", "seeds"),
    [(16, 12, 300, 20), (24, 40, 2000, 20), (64, 64, 14000, 2), (120, 90, 30000, 1)],
)
def test_designs_of_any_size_can_be_routed(width, height, nets, seeds) -> None:
    legal = 0
    for seed in range(1, seeds + 1):
        config = SynthConfig(width=width, height=height, nets=nets, seed=seed)
        legal += route_maze(synthesize(config), RouteConfig(router="maze")).exit_status == 0
    assert legal >= 0.95 * seeds


def test_crowding_adds_tracks_in_step_and_no_limit_none() -> None:
    tracks = []
    for crowding in (None, 2.0, 1.0, 0.5):
        design = synthesize(SynthConfig(width=64, height=64, nets=9000, crowding=crowding))
        tracks.append((int(design.capacity[..., 0].max()), int(design.capacity[..., 1].max())))
    assert tracks == sorted(tracks)
    assert tracks[-1] > tracks[0]
