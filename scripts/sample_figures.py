"""Print what samples are like: the table of docs/samples.md.

    python scripts/sample_figures.py FOLDER

reads the validation samples that ``edaroute dataset`` made in FOLDER.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from common import parser_of, table

from eda_router.dataset.folders import dataset_path
from eda_router.dataset.samples import Dataset, Samples
from eda_router.dataset.teacher import edge_costs, label_costs, tree_edges, tree_mask
from eda_router.neural.decode import decode
from eda_router.neural.prices import TILE_EDGE
from eda_router.neural.tensors import free_tracks, pin_tiles

SIZES = (8, 16, 32, 64)
SOURCES = ("random", "ledger")


def main() -> int:
    """Print the table."""
    parser = parser_of(__doc__)
    parser.add_argument("folder", type=Path, help="of `edaroute dataset`")
    folder = parser.parse_args().folder
    columns = [(source, size) for source in SOURCES for size in SIZES]
    figures = [figures_of(folder, source, size) for source, size in columns]
    header = ["", *(f"`{source}` {size}" for source, size in columns)]
    print(
        *table(header, [[name, *(column[name] for column in figures)] for name in figures[0]]),
        sep="\n",
    )
    return 0


def figures_of(folder: Path, source: str, size: int) -> dict[str, str]:
    """Figures of one data set's validation samples, by name."""
    data = Dataset(dataset_path(folder, source, size), validation=True)
    samples = data.take(np.arange(len(data)))
    pins = pin_tiles(samples.states).sum(axis=(1, 2))
    length = tree_edges(samples.labels).sum(axis=(1, 2, 3))
    teacher = label_costs(samples.states, samples.labels)
    tiles = tree_mask(samples.labels)[..., None].astype(np.float32)
    edges = tree_edges(samples.labels).astype(np.float32)
    everything = np.ones((*samples.states.shape, 3), np.float32)
    return {
        "samples": str(len(samples)),
        "pins, mean": f"{pins.mean():.1f}",
        "two pins": f"{np.mean(pins == 2):.0%}",
        "9 pins and more": f"{np.mean(pins > 8):.0%}",
        "tree, mean tile edges": f"{length.mean():.1f}",
        "over 1.05 a tile edge": f"{np.mean(teacher > 1.05 * TILE_EDGE * length):.0%}",
        "every tile drawn": f"{cost(samples, everything):.3f}",
        "the label's tiles drawn": f"{cost(samples, np.repeat(tiles, 3, axis=-1)):.3f}",
        "its tiles and edges": f"{cost(samples, np.concatenate([tiles, edges], axis=-1)):.3f}",
    }


def cost(samples: Samples, maps: np.ndarray) -> float:
    """Cost of the trees that the decoding takes from ``maps``, over the teacher's."""
    trees = decode(free_tracks(samples.states), pin_tiles(samples.states), maps, 0.5)
    costs = edge_costs(samples.states, trees.offsets, trees.edges)[trees.ok]
    best = label_costs(samples.states[trees.ok], samples.labels[trees.ok])
    return float(costs.sum() / best.sum())


if __name__ == "__main__":
    sys.exit(main())
