"""``edaroute verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eda_router.cli.options import (
    DesignSource,
    PathType,
    design_arguments,
    json_option,
    path_option,
    quiet_option,
    show_values,
)
from eda_router.errors import EdarouteError, InputError


@click.command("verify")
@design_arguments
@click.argument("route", required=False, type=PathType())
@path_option(
    "--certificate",
    "certificate_path",
    help="What 'edaroute bound' wrote: check it, and say what it proves.",
)
@json_option
@quiet_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    source: DesignSource,
    route: Path | None,
    certificate_path: Path | None,
    json_path: Path | None,
    quiet: bool,
) -> None:
    """Evaluate the route file or guide ROUTE of the design BENCH.

    With --certificate, what it proves is recomputed from its prices alone; ROUTE may be left out.

    Exit status 0: every net is connected and no edge overflows; 1: not so; 2: bad input.
    Repeated edges, cycles and stubs are waste and make nothing illegal.

    \b
    Example:
      edaroute verify ibm02.modified ibm02.route
      edaroute verify gcd.def gcd.guide --lef tech.lef --lef cells.lef
      edaroute verify ibm02.modified ibm02.route --certificate ibm02.npz
    """
    if certificate_path is not None:
        values, lines = _certified(source, route, certificate_path, json_path)
        show_values(values, [] if quiet else lines, json_path)
        ctx.exit(0 if values.get("legal", True) else 1)
    if route is None:
        raise click.UsageError("Missing argument 'ROUTE', or option '--certificate'.")
    evaluate = {".guide": _guide, ".gr": _solution}.get(_kind(source), _segments)
    values, lines = evaluate(source, route, json_path)
    show_values(values, [] if quiet else lines, json_path)
    ctx.exit(0 if values["legal"] else 1)


Found = tuple[dict[str, Any], list[str]]
"""What an evaluation found, as values and as lines."""


def _kind(source: DesignSource) -> str:
    """How results for a design are written: ``.guide``, ``.gr`` for the contest's, ``.route``."""
    format = source.format
    return ".gr" if ".gr" in format.endings else format.results


def _segments(source: DesignSource, route: Path, json_path: Path | None) -> Found:
    """Evaluate a route file of a design on the plane."""
    from eda_router.formats import route_file
    from eda_router.report.evaluation import evaluation_lines, evaluation_values
    from eda_router.verification import verify

    design = source.read(json_path, inputs=[route])
    content = route_file.read(route, design)
    check = verify(design, content.routes, int(content.repeated.sum()))
    values = evaluation_values(design, content, check)
    return values, evaluation_lines(values, check)


def _certified(
    source: DesignSource, route: Path | None, certificate_path: Path, json_path: Path | None
) -> Found:
    """Check a certificate, and evaluate a route file beside it where there is one."""
    from eda_router.proof.certificate import read_certificate
    from eda_router.proof.checker import check_certificate
    from eda_router.report.proof import judged, proof_lines, proof_values
    from eda_router.verification import verify

    if route is not None and _kind(source) != ".route":
        raise InputError(certificate_path, None, "certificate", "a design without layers")
    design = source.read(json_path, inputs=[route, certificate_path])
    certificate = read_certificate(certificate_path)
    try:
        proof = check_certificate(design, certificate)
    except EdarouteError as error:
        raise InputError(certificate_path, None, str(error)) from error
    if route is None:
        proven = proof_values(proof)
        return {"design": design.name, "certificate": proven}, proof_lines(proven)
    from eda_router.formats import route_file
    from eda_router.report.evaluation import evaluation_lines, evaluation_values

    content = route_file.read(route, design)
    check = verify(design, content.routes, int(content.repeated.sum()))
    values = evaluation_values(design, content, check)
    proven = judged(proof, check)
    lines = evaluation_lines(values, check) + proof_lines(proven)
    return {**values, "certificate": proven}, lines


def _guide(source: DesignSource, route: Path, json_path: Path | None) -> Found:
    """Evaluate a guide of a placed design."""
    from eda_router.formats.guide import read_guide
    from eda_router.guide_verification import verify_guide
    from eda_router.report.layered_evaluation import guide_lines, guide_values

    design = source.read(json_path, inputs=[route])
    guide = read_guide(route, design)
    values = guide_values(design, guide, verify_guide(design, guide))
    return values, guide_lines(values)


def _solution(source: DesignSource, route: Path, json_path: Path | None) -> Found:
    """Evaluate a solution of the ISPD 2008 contest, by its rules."""
    from eda_router.files import check_outputs
    from eda_router.formats import ispd08, ispd08_solution
    from eda_router.ispd08_verification import verify_solution
    from eda_router.report.layered_evaluation import solution_lines, solution_values

    source.format.check_extra(source.place, source.extra)
    check_outputs(json_path, inputs=(*source.files, route))
    problem = ispd08.read_problem(source.place)
    solution = ispd08_solution.read(route, problem)
    values = solution_values(problem, solution, verify_solution(problem, solution))
    return values, solution_lines(values)
