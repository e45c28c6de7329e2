"""The readers of all texts that users give, each with valid texts to begin from."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from eda_router import design as design_module
from eda_router import formats
from eda_router.config import RouteConfig, load_config, yaml_template
from eda_router.design import Design
from eda_router.errors import InputError
from eda_router.formats import (
    def_file,
    guide,
    ispd08,
    ispd08_solution,
    ispd98,
    lef,
    lefdef,
    route_file,
)
from eda_router.formats.lefdef_config import LefDefConfig
from eda_router.guide_verification import verify_guide
from eda_router.ispd08_verification import verify_solution
from eda_router.report.page import format_page
from eda_router.report.run import Run, load_summary
from eda_router.report.summary import summarize
from eda_router.routing.flow import route
from eda_router.routing.layered_flow import route_layered
from eda_router.synthesis.designs import SynthConfig
from eda_router.verification import verify
from tests.fuzz.random_designs import make
from tests.layered import layered_design
from tests.placed import CELLS, TECHNOLOGY, def_text

MOST_TILES = 1 << 12
"""Of a grid here, so that a large number in a text does not take seconds to fill with zeros."""

DEF = def_text(
    "GCELLGRID X 0 DO 4 STEP 1500 ;\nGCELLGRID Y 0 DO 3 STEP 1500 ;\n",
    "PINS 1 ;\n- p + NET n + LAYER m2 ( 0 0 ) ( 50 50 ) + PLACED ( 100 100 ) N ;\nEND PINS\n",
    "BLOCKAGES 1 ;\n- LAYER m2 RECT ( 0 0 ) ( 700 800 ) ;\nEND BLOCKAGES\n",
    "SPECIALNETS 1 ;\n- V + ROUTED m1 20 + SHAPE STRIPE ( 0 50 ) ( 100 * ) m1_m2 ;\n"
    "END SPECIALNETS\n",
    components="- u1 cell + PLACED ( 300 300 ) N ;\n- u2 cell + FIXED ( 2600 1400 ) FS ;\n",
    nets="- n ( PIN p ) ( u1 a ) ( u2 z ) + USE CLOCK ;\n- m ( u1 z ) ( u2 a ) ;\n",
)


@dataclasses.dataclass(frozen=True)
class Reader:
    """A reader of one kind of text.

    Attributes:
        name: of the kind.
        read: takes a path; may raise InputError and nothing else.
        texts: valid ones.
    """

    name: str
    read: Callable[[Path], object]
    texts: tuple[str, ...]


def readers(folder: Path) -> list[Reader]:
    """All readers; what they need beside their text is written to ``folder``.

    From here on grids are small.
    """
    for module in (design_module, ispd98, ispd08, lefdef):
        module.MAX_TILES = MOST_TILES
    plain = _plain_design()
    result = route(plain, RouteConfig(router="maze"))
    problem_path = folder / "problem.gr"
    done = route_layered(_layered_design(), RouteConfig(router="maze", effort="low"))
    layered = done.layered
    ispd08.write(layered.design, problem_path)
    problem = ispd08.read_problem(problem_path)
    summary = summarize(result, verify(plain, result.routes), {})
    technology, cells, placed = folder / "tech.lef", folder / "cells.lef", folder / "top.def"
    for path, text in ((technology, TECHNOLOGY), (cells, CELLS), (placed, DEF)):
        path.write_text(text)

    def read_design(path: Path) -> None:
        design = formats.read(path)
        verify(design, route_file.read(empty, design).routes)

    def read_summary(path: Path) -> None:
        told = load_summary(path, plain, result.routes)
        format_page(plain, [Run("a", result.routes, told)])

    def read_config(path: Path) -> None:
        for cls in (RouteConfig, SynthConfig, LefDefConfig):
            with contextlib.suppress(InputError):
                load_config(cls, path)

    empty = folder / "empty.route"
    empty.write_text("")
    configs = tuple(yaml_template(cls) for cls in (RouteConfig, SynthConfig, LefDefConfig))
    return [
        Reader("ISPD98", read_design, (ispd98.format_design(plain),)),
        Reader(
            "ISPD 2008",
            lambda path: (ispd08.read_problem(path), ispd08.read(path)),
            (ispd08.format_design(layered.design),),
        ),
        Reader(
            "route file",
            lambda path: verify(plain, route_file.read(path, plain).routes),
            (route_file.format_routes(plain, result.routes),),
        ),
        Reader(
            "solution",
            lambda path: verify_solution(problem, ispd08_solution.read(path, problem)),
            (ispd08_solution.format_solution(layered),),
        ),
        Reader(
            "guide",
            lambda path: verify_guide(layered.design, guide.read_guide(path, layered.design)),
            (guide.format_guide(guide.guide_of(layered), layered.design),),
        ),
        Reader(
            "LEF", lambda path: (lef.read(path), lefdef.read(placed, [path, cells])), (TECHNOLOGY,)
        ),
        Reader("LEF cells", lambda path: lefdef.read(placed, [technology, path]), (CELLS,)),
        Reader(
            "DEF",
            lambda path: (def_file.read(path), lefdef.read(path, [technology, cells])),
            (DEF,),
        ),
        Reader("settings", read_config, configs),
        Reader("summary", read_summary, (json.dumps(summary), json.dumps(summary, indent=1))),
    ]


def _plain_design() -> Design:
    capacity = np.full((4, 5, 2), 2)
    return make(5, 4, capacity, [[0, 7], [3, 19, 12], [4], [1, 2, 8, 17]])


def _layered_design() -> Design:
    return layered_design(5, width=5, height=4, num_layers=4, nets=6, tracks=6)
