"""Synthetic chips: read by KLayout too, and what data/ holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eda_router import formats, resources
from eda_router.config import RouteConfig
from eda_router.errors import InputError
from eda_router.formats import def_file, lef
from eda_router.formats.text import read_bytes
from eda_router.routing.layered_flow import route_layered
from eda_router.synthesis import chip
from eda_router.synthesis.designs import SynthConfig
from eda_router.synthesis.technology import LAYERS, MASTERS, ROW, SITE, TILE

BUNDLED = SynthConfig(width=24, height=24, nets=1500, seed=4)
SMALL = SynthConfig(width=9, height=8, nets=150, seed=6)


def test_the_bundled_chip_can_be_made_again(tmp_path: Path) -> None:
    chip.write(BUNDLED, tmp_path / "synth-chip.def.gz")
    for name in ("synth-chip.def.gz", "synth-chip.lef.gz"):
        assert read_bytes(tmp_path / name) == read_bytes(resources.folder("data") / name)


def test_the_bundled_chip_brings_its_lef_and_can_be_routed() -> None:
    design = formats.read("synth-chip")
    assert design.layers is not None
    assert design.layers.names == tuple(layer.name for layer in LAYERS)
    assert (design.width, design.height, design.num_nets) == (24, 24, 1501)
    assert design.layers.net_is_clock.sum() == 1
    done = route_layered(design, RouteConfig(router="maze"))
    assert done.result.passes[0].overflow > 0
    assert done.layered.overflow.sum() == len(done.result.unrouted) == 0


@pytest.mark.parametrize("config", [SMALL, BUNDLED], ids=["small", "bundled"])
def test_cells_stand_in_rows_without_overlaps(config: SynthConfig, tmp_path: Path) -> None:
    kdb = pytest.importorskip("klayout.db")
    chip.write(config, tmp_path / "c.def")
    options = kdb.LoadLayoutOptions()
    options.lefdef_config.lef_files = [str(tmp_path / "c.lef")]
    options.lefdef_config.read_lef_with_def = False
    layout = kdb.Layout()
    layout.read(str(tmp_path / "c.def"), options)
    top = layout.top_cell()
    die = kdb.Box(0, 0, config.width * TILE, config.height * TILE)
    boxes = kdb.Region()
    for inst in top.each_inst():
        master = MASTERS[inst.cell.name]
        place = inst.trans.disp
        corner = place.y - (master.height if inst.trans.is_mirror() else 0)
        assert corner % ROW == place.x % SITE == 0
        assert inst.trans.is_mirror() == (corner // ROW % 2 == 1 and not master.block)
        boxes.insert(kdb.Box(place.x, corner, place.x + master.width, corner + master.height))
    source = def_file.read(tmp_path / "c.def")
    assert boxes.count() == len(source.components) > config.nets / 2
    assert (boxes - kdb.Region(die)).is_empty()
    assert boxes.merged().area() == sum(box.area() for box in boxes.each())


def test_every_net_has_its_pins_once() -> None:
    text = chip.format_def(SMALL, "small").encode()
    source = def_file.parse(text, "small.def")
    library = lef.Library()
    lef.parse(chip.format_lef().encode(), "small.lef", library)
    used = [
        (name, pin)
        for net in source.nets
        for name, pin in zip(net.components, net.pins, strict=True)
    ]
    assert len(used) == len(set(used))
    assert len(source.nets) == SMALL.nets + 1
    drivers = np.zeros(len(source.nets), int)
    for number, net in enumerate(source.nets):
        for name, pin in zip(net.components, net.pins, strict=True):
            if name != "PIN":
                macro = source.components[name].macro
                assert pin in library.macros[macro].pins
                drivers[number] += MASTERS[macro].outputs and pin == next(iter(MASTERS[macro].pins))
    assert (drivers[:-1] == 1).all()
    assert drivers[-1] == 0


def test_what_does_not_fit_or_belong_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cells do not fit on 12 x 12 um, expected fewer nets"):
        chip.write(SynthConfig(width=4, height=4, nets=500), tmp_path / "c.def")
    with pytest.raises(InputError, match=r"option vertical_use: 0\.5, but a DEF design has the"):
        chip.write(SynthConfig(nets=5, vertical_use=0.5), tmp_path / "c.def")
    assert list(tmp_path.iterdir()) == []
