"""A design with a router's wires, in one file: what its windows are cut from.

``NAME.npz`` holds arrays in the conventions of :mod:`eda_router.design`: ``capacity``,
``pin_offsets``, ``pins``, ``route_offsets``, ``route_edges``, and ``net_names``, uint8, the names
in UTF-8, one a line. Designs with layers are there as their plane: capacities summed over the
layers, pins where the wires reach them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import eda_router
from eda_router.config import RouteConfig
from eda_router.dataset.config import DesignSampleConfig
from eda_router.dataset.folders import wires_path
from eda_router.design import Design, IntArray, Routes
from eda_router.errors import InputError
from eda_router.files import write_atomically, write_text
from eda_router.formats.design_files import DesignFiles
from eda_router.routing.flow import route
from eda_router.routing.layered_flow import route_layered

_ARRAYS = ("capacity", "pin_offsets", "pins", "route_offsets", "route_edges", "net_names")


@dataclass(frozen=True, eq=False)
class Wired:
    """A design on the plane and its wires."""

    design: Design
    routes: Routes


def wires_identity(files: DesignFiles, config: DesignSampleConfig) -> dict[str, Any]:
    """All that decides the wires of a design; plain values that JSON holds.

    Raises:
        InputError: a file cannot be read.
    """
    return {
        "version": eda_router.__version__,
        "design": files.identity(),
        "router": config.router,
        "effort": config.effort,
        "seed": config.seed,
    }


def keep_wires(folder: Path, files: DesignFiles, config: DesignSampleConfig) -> bool:
    """Route a design and keep its wires, unless they are there and whole already.

    Returns:
        Whether it had to be routed.

    Raises:
        InputError: the design cannot be read, or the file not be written.
    """
    path = wires_path(folder, files.name)
    note = path.with_suffix(".json")
    wanted = wires_identity(files, config)
    try:
        if json.loads(note.read_text()) == {**wanted, "sha256": _digest(path.read_bytes())}:
            return False
    except (OSError, ValueError):
        pass
    wired = route_plane(files.read(), config.route)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = _packed(wired)
    write_atomically(path, data)
    write_text(note, json.dumps({**wanted, "sha256": _digest(data)}, indent=1) + "\n")
    return True


def route_plane(design: Design, config: RouteConfig) -> Wired:
    """Route a design; of one with layers give its plane, with pins where the wires reach them."""
    if design.layers is None:
        return Wired(design, route(design, config).routes)
    result = route_layered(design, config).result
    return Wired(dataclasses.replace(result.design, layers=None), result.routes)


def _packed(wired: Wired) -> bytes:
    """The bytes of the file: those of an archive without a time of day."""
    design, routes = wired.design, wired.routes
    names = np.frombuffer("\n".join(design.net_names).encode(), np.uint8)
    arrays = (
        design.capacity, design.pin_offsets, design.pins, routes.offsets, routes.edges, names
    )  # fmt: skip
    file = io.BytesIO()
    named: dict[str, Any] = dict(zip(_ARRAYS, arrays, strict=True))
    np.savez(file, **named)
    return file.getvalue()


def read_wires(path: Path) -> Wired:
    """Read what :func:`keep_wires` wrote.

    Raises:
        InputError: the file cannot be read, or holds no wires.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            capacity, pin_offsets, pins, offsets, edges, names = (archive[a] for a in _ARRAYS)
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except (ValueError, KeyError) as error:
        raise InputError(path, None, f"no wires of a design: {error}") from error
    height, width, _ = capacity.shape
    net_names = names.tobytes().decode().split("\n") if len(names) else []
    design = Design(
        name=path.stem,
        width=width,
        height=height,
        capacity=capacity,
        net_names=net_names,
        net_ids=np.arange(len(net_names), dtype=np.int64),
        pin_offsets=pin_offsets,
        pins=pins,
    )
    return Wired(design, Routes(offsets, edges))


def wire_boxes(design: Design, routes: Routes) -> IntArray:
    """int32 ``(num_nets, 4)``: lowest x, lowest y, highest x, highest y of pins and wires."""
    boxes = design.net_boxes.copy()
    tile, vertical = np.divmod(routes.edges, 2)
    x, y = tile % design.width, tile // design.width
    filled = routes.lengths > 0
    starts = routes.offsets[:-1][filled]
    if len(starts):
        for axis, low, high in ((0, x, x + 1 - vertical), (1, y, y + vertical)):
            least = np.minimum.reduceat(low, starts)
            greatest = np.maximum.reduceat(high, starts)
            boxes[filled, axis] = np.minimum(boxes[filled, axis], least)
            boxes[filled, axis + 2] = np.maximum(boxes[filled, axis + 2], greatest)
    return boxes


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
