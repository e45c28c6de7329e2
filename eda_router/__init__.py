"""edaroute: a global router with a neural core.

::

    import eda_router

    design = eda_router.read("ibm02.modified")
    result = eda_router.route(design, eda_router.RouteConfig(effort="high"))
    check = eda_router.verify(design, result.routes)

A placed design in DEF takes its LEF files, and becomes a route guide::

    design = eda_router.read("gcd.def", lef=["tech.lef", "cells.lef"])
    done = eda_router.route_layered(design)
    eda_router.write_guide(done.layered, "gcd.guide")

All that the command line can do is here; ``docs/api.md`` lists it by task. The names below are
imported when they are first used, so that ``import eda_router`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from eda_router.numba_cache import find_numba_cache

if TYPE_CHECKING:
    from eda_router import dataset
    from eda_router.batch.config import BatchConfig
    from eda_router.batch.run import run_batch
    from eda_router.config import RouteConfig, load_config, yaml_template
    from eda_router.dataset.folders import held_out
    from eda_router.design import Design, Routes
    from eda_router.environment import NetEnv
    from eda_router.errors import EdarouteError, InputError
    from eda_router.formats import read, write
    from eda_router.formats.design_files import find_designs
    from eda_router.formats.guide import read_guide, write_guide
    from eda_router.formats.ispd08 import read_problem
    from eda_router.formats.ispd08_solution import read as read_solution
    from eda_router.formats.ispd08_solution import write as write_solution
    from eda_router.formats.lefdef_config import LefDefConfig
    from eda_router.formats.route_file import read as read_route_file
    from eda_router.formats.route_file import write as write_route_file
    from eda_router.guide_verification import verify_guide
    from eda_router.ispd08_verification import verify_solution
    from eda_router.jobs import Workers
    from eda_router.layered_routes import LayeredRoutes
    from eda_router.layers import Layers
    from eda_router.maps.config import MapsConfig
    from eda_router.maps.congestion import congestion_maps
    from eda_router.maps.features import feature_maps
    from eda_router.maps.write import write_maps
    from eda_router.neural.engines import load_engine as load_model
    from eda_router.neural.model_folder import write_exits
    from eda_router.neural.net_windows import draw_windows, net_windows
    from eda_router.report.bounds import bounds
    from eda_router.report.compare import comparison_values
    from eda_router.report.drawing import draw_net, drawings_sheet
    from eda_router.report.layer_plots import layer_nets_figure, layers_figure
    from eda_router.report.layered_summary import layered_summary
    from eda_router.report.net_plots import nets_figure
    from eda_router.report.net_table import net_table, write_net_table
    from eda_router.report.page import write_page
    from eda_router.report.plots import design_figure, save_figure
    from eda_router.report.results import read_run
    from eda_router.report.run import Run
    from eda_router.report.statistics import design_values
    from eda_router.report.summary import summarize
    from eda_router.routing.flow import route
    from eda_router.routing.hook import STOP, PassState
    from eda_router.routing.layered_flow import route_layered
    from eda_router.routing.layers import assign_layers
    from eda_router.routing.ledger import CapacityLedger
    from eda_router.routing.result import RoutingResult
    from eda_router.synthesis.chip import write as write_chip
    from eda_router.synthesis.designs import SynthConfig, synthesize
    from eda_router.training.config import TrainConfig
    from eda_router.training.evaluate import bench_samples, evaluate
    from eda_router.training.train import train
    from eda_router.verification import Verification, verify

__version__ = "0.1.0"
__all__ = [
    "STOP",
    "BatchConfig",
    "CapacityLedger",
    "Design",
    "EdarouteError",
    "InputError",
    "LayeredRoutes",
    "Layers",
    "LefDefConfig",
    "MapsConfig",
    "NetEnv",
    "PassState",
    "RouteConfig",
    "Routes",
    "RoutingResult",
    "Run",
    "SynthConfig",
    "TrainConfig",
    "Verification",
    "Workers",
    "assign_layers",
    "bench_samples",
    "bounds",
    "comparison_values",
    "congestion_maps",
    "dataset",
    "design_figure",
    "design_values",
    "draw_net",
    "draw_windows",
    "drawings_sheet",
    "evaluate",
    "feature_maps",
    "find_designs",
    "held_out",
    "layer_nets_figure",
    "layered_summary",
    "layers_figure",
    "load_config",
    "load_model",
    "net_table",
    "net_windows",
    "nets_figure",
    "read",
    "read_guide",
    "read_problem",
    "read_route_file",
    "read_run",
    "read_solution",
    "route",
    "route_layered",
    "run_batch",
    "save_figure",
    "summarize",
    "synthesize",
    "train",
    "verify",
    "verify_guide",
    "verify_solution",
    "write",
    "write_chip",
    "write_exits",
    "write_guide",
    "write_maps",
    "write_net_table",
    "write_page",
    "write_route_file",
    "write_solution",
    "yaml_template",
]

_TASKS = {
    "Designs": {
        "Design": "eda_router.design",
        "Layers": "eda_router.layers",
        "LefDefConfig": "eda_router.formats.lefdef_config",
        "SynthConfig": "eda_router.synthesis.designs",
        "read": "eda_router.formats",
        "write": "eda_router.formats",
        "read_problem": "eda_router.formats.ispd08",
        "find_designs": "eda_router.formats.design_files",
        "design_values": "eda_router.report.statistics",
        "synthesize": "eda_router.synthesis.designs",
        "write_chip": "eda_router.synthesis.chip:write",
    },
    "Routing": {
        "RouteConfig": "eda_router.config",
        "RoutingResult": "eda_router.routing.result",
        "CapacityLedger": "eda_router.routing.ledger",
        "PassState": "eda_router.routing.hook",
        "STOP": "eda_router.routing.hook",
        "route": "eda_router.routing.flow",
        "route_layered": "eda_router.routing.layered_flow",
        "assign_layers": "eda_router.routing.layers",
        "bounds": "eda_router.report.bounds",
    },
    "Routes": {
        "Routes": "eda_router.design",
        "LayeredRoutes": "eda_router.layered_routes",
        "read_route_file": "eda_router.formats.route_file:read",
        "write_route_file": "eda_router.formats.route_file:write",
        "read_guide": "eda_router.formats.guide",
        "write_guide": "eda_router.formats.guide",
        "read_solution": "eda_router.formats.ispd08_solution:read",
        "write_solution": "eda_router.formats.ispd08_solution:write",
        "Verification": "eda_router.verification",
        "verify": "eda_router.verification",
        "verify_guide": "eda_router.guide_verification",
        "verify_solution": "eda_router.ispd08_verification",
    },
    "The model": {
        "TrainConfig": "eda_router.training.config",
        "load_model": "eda_router.neural.engines:load_engine",
        "net_windows": "eda_router.neural.net_windows",
        "draw_windows": "eda_router.neural.net_windows",
        "draw_net": "eda_router.report.drawing",
        "evaluate": "eda_router.training.evaluate",
        "bench_samples": "eda_router.training.evaluate",
        "held_out": "eda_router.dataset.folders",
        "train": "eda_router.training.train",
        "write_exits": "eda_router.neural.model_folder",
    },
    "Data": {
        "MapsConfig": "eda_router.maps.config",
        "dataset": "eda_router",
        "feature_maps": "eda_router.maps.features",
        "congestion_maps": "eda_router.maps.congestion",
        "write_maps": "eda_router.maps.write",
        "net_table": "eda_router.report.net_table",
        "write_net_table": "eda_router.report.net_table",
        "run_batch": "eda_router.batch.run",
        "BatchConfig": "eda_router.batch.config",
        "Workers": "eda_router.jobs",
        "NetEnv": "eda_router.environment",
    },
    "Pictures and pages": {
        "Run": "eda_router.report.run",
        "read_run": "eda_router.report.results",
        "summarize": "eda_router.report.summary",
        "layered_summary": "eda_router.report.layered_summary",
        "comparison_values": "eda_router.report.compare",
        "design_figure": "eda_router.report.plots",
        "nets_figure": "eda_router.report.net_plots",
        "layers_figure": "eda_router.report.layer_plots",
        "layer_nets_figure": "eda_router.report.layer_plots",
        "drawings_sheet": "eda_router.report.drawing",
        "save_figure": "eda_router.report.plots",
        "write_page": "eda_router.report.page",
    },
    "Settings and errors": {
        "EdarouteError": "eda_router.errors",
        "InputError": "eda_router.errors",
        "load_config": "eda_router.config",
        "yaml_template": "eda_router.config",
    },
}
"""Where each name lives, by what it is for; ``module:other`` where it is called otherwise there."""

_HOMES = {name: home for homes in _TASKS.values() for name, home in homes.items()}

find_numba_cache()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'eda_router' has no attribute {name!r}")
    home, _, other = _HOMES[name].partition(":")
    if home == __name__:
        return importlib.import_module(f"{home}.{name}")
    value = getattr(importlib.import_module(home), other or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
