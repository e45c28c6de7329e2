"""Reading what a router wrote, whichever form it has: route file, guide, or contest's solution."""

from __future__ import annotations

import re
from pathlib import Path

from eda_router.design import Design
from eda_router.errors import InputError
from eda_router.formats import ispd08, ispd08_solution, route_file
from eda_router.formats.guide import read_guide
from eda_router.formats.text import read_head
from eda_router.report.run import Run
from eda_router.report.wires import guide_wires, solution_wires
from eda_router.resources import find_design

_HEAD = 4096
_GUIDE = re.compile(rb"\s*[^\r\n]+[\r\n]\s*\([ \t]*[\r\n]")
_SEGMENT = re.compile(rb"\(\s*-?[0-9]+\s*,\s*-?[0-9]+\s*,")
_UPPER_POINT = re.compile(rb"\(\s*-?[0-9]+\s*,\s*-?[0-9]+\s*,\s*0*(?:[2-9]|1[0-9])")


def read_run(path: str | Path, bench: str | Path, design: Design, label: str) -> Run:
    """Read the wires of ``design`` from a route file, a guide or a solution of a contest.

    A design without layers has route files. One with layers has guides too, told by the bracket
    after a net's name, and one of the contest has solutions, told by points above layer 1. Where
    the content is like none, the name decides.

    Args:
        path: of the route file, guide or solution.
        bench: where the design was read from, by file or bundled name.
        design: that it is of.
        label: what to call the run.

    Returns:
        The wires under that label, on layers where the file has layers.

    Raises:
        InputError: the file cannot be read, is in no form that fits the design, or does not belong
            to it.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> result = eda_router.route(design, eda_router.RouteConfig(router="maze"))
        >>> eda_router.write_route_file(design, result.routes, "tiny.route")
        >>> run = eda_router.read_run("tiny.route", "synth-tiny", design, "mine")
        >>> run.label, run.wires, run.wirelength == result.wirelength
        ('mine', None, True)
    """
    path = Path(path)
    head = read_head(path, _HEAD)
    guide = _GUIDE.match(head) is not None
    segments = _SEGMENT.search(head) is not None
    if guide or (path.name.removesuffix(".gz").endswith(".guide") and not segments):
        if design.layers is None:
            raise InputError(
                path, None, f"a guide, which needs layers; {design.name} has none", "a route file"
            )
        wires = guide_wires(design, read_guide(path, design))
        return Run(label, wires.routes, wires=wires)
    if design.layers is not None and _UPPER_POINT.search(head):
        place = find_design(bench)
        if not ispd08.sniff(read_head(place, _HEAD)):
            raise InputError(
                path,
                None,
                f"a solution of the ISPD 2008 contest, which {design.name} is no problem of",
                "a guide or a route file",
            )
        problem = ispd08.read_problem(place)
        wires = solution_wires(design, problem, ispd08_solution.read(path, problem))
        return Run(label, wires.routes, wires=wires)
    return Run(label, route_file.read(path, design).routes)
