"""The data card of a folder of data sets: ``README.md`` with the head that data hubs read.

The head is YAML as the Hugging Face Hub has it [1]: licence, sizes, tasks, and for each data set
its features and splits.

[1] https://huggingface.co/docs/hub/datasets-cards
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import eda_router
from eda_router.dataset.folders import wires_path
from eda_router.dataset.opened import FEATURES, SPLITS, Feature, features_of, find_sets, source_name
from eda_router.dataset.shards import DESIGN_SOURCE, Kind, Shards, read_kind
from eda_router.errors import InputError
from eda_router.files import write_text

_BOUNDS = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B"),
)  # fmt: skip
"""The hub's words for numbers of samples."""

_DESIGNS = """
## Designs

`wires/` holds each design's grid, pins and wires. Nets without a wire, and nets that no window
holds, are left out.

{counts}

{files}
"""

MARK = "# Written by edaroute dataset, and written anew whenever it adds to the folder."

_TEXT = """\
# Windows of a global router's ledger, with trees

Each sample is one net in a square window of a routing grid: the free tracks of the edges, the net's
pins, and trees that join them. Made by edaroute {version}; opened by

```python
from eda_router import dataset

samples = dataset.open("path/to/this/folder", size={size})
samples[0]
```

which gives NumPy arrays by number and is a map-style data set as PyTorch has them.

## Arrays of a sample

Row 0 is the lowest; the first axis is y, the second x.

{features}

On disk a sample is one byte a tile and plane; `manifest.json` of each data set names the planes,
the settings and the format, and `shard-*.json` the SHA-256 of each shard.

## Data sets

{sets}

Nets of one design stand in both splits where a share of its nets is kept for validation. Whole
designs are kept with `--validation-share 1`.
{designs}"""


def check_card(folder: Path) -> None:
    """Find out before long work whether a folder's ``README.md`` is a card to be replaced, or none.

    Raises:
        InputError: it is someone else's.
    """
    path = folder / "README.md"
    try:
        if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace"):
            raise InputError(path, None, "is no data card of edaroute's", "another folder")
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error


def write_card(folder: Path) -> None:
    """Write the card of all data sets in a folder, as they are now.

    Raises:
        InputError: a data set or the card cannot be read or written.
    """
    write_text(folder / "README.md", card(folder))


def card(folder: Path) -> str:
    """The text of the card.

    Raises:
        InputError: a data set cannot be read, or there is none.
    """
    import yaml

    sets = [_Set(place) for place in find_sets(folder)]
    if not sets:
        raise InputError(folder, None, "no data set", "a folder made by 'edaroute dataset'")
    kinds = [one.kind for one in sets]
    head = yaml.safe_dump(_head(sets), sort_keys=False, allow_unicode=True, width=100)
    used = [one for one in FEATURES if any(one in features_of(kind) for kind in kinds)]
    text = _TEXT.format(
        version=eda_router.__version__,
        size=kinds[0].size,
        features=_table(
            ("array", "shape", "type", "meaning"),
            [(f"`{f.name}`", _shape(f), np.dtype(f.dtype).name, f.meaning) for f in used],
        ),
        sets=_table(
            ("data set", "train", "validation", "license", "made of"),
            [
                (
                    f"`{one.name}`",
                    *(f"{one.counts[split]}" for split in SPLITS),
                    one.kind.license,
                    _origin(one.kind),
                )
                for one in sets
            ],
        ),
        designs=_designs(folder, sets),
    )
    return f"---\n{MARK}\n{head}---\n\n{text}"


class _Set:
    """A data set: its manifest, and samples and bytes by split."""

    def __init__(self, place: Path):
        self.place, self.name = place, place.name
        self.kind = read_kind(place)
        splits = {split: Shards(place, validation=split == "validation") for split in SPLITS}
        self.counts = {split: len(shards) for split, shards in splits.items()}
        self.bytes = {split: shards.num_bytes for split, shards in splits.items()}


def _head(sets: list[_Set]) -> dict[str, Any]:
    licenses = sorted({one.kind.license for one in sets})
    sources = sorted({source_name(one.place, one.kind) for one in sets})
    total = sum(count for one in sets for count in one.counts.values())
    return {
        "license": licenses[0] if len(licenses) == 1 else licenses,
        "pretty_name": f"Global routing windows: {', '.join(sources)}",
        "task_categories": ["image-to-image"],
        "tags": ["eda", "vlsi", "global-routing", "steiner-tree"],
        "size_categories": [next((word for most, word in _BOUNDS if total < most), "n>1T")],
        "dataset_info": [
            {
                "config_name": one.name,
                "features": [_feature(f, one.kind.size) for f in features_of(one.kind)],
                "splits": [
                    {"name": split, "num_bytes": one.bytes[split], "num_examples": count}
                    for split, count in one.counts.items()
                ],
                "download_size": sum(one.bytes.values()),
                "dataset_size": sum(one.bytes.values()),
            }
            for one in sets
        ],
    }


def _feature(feature: Feature, size: int) -> dict[str, Any]:
    """A feature in the hub's words."""
    name = np.dtype(feature.dtype).name
    if not feature.axes:
        return {"name": feature.name, "dtype": name}
    kind = f"array{len(feature.axes)}_d"
    return {
        "name": feature.name,
        "dtype": {kind: {"shape": list(feature.shape(size)), "dtype": name}},
    }


def _shape(feature: Feature) -> str:
    axes = ", ".join(map(str, feature.axes))
    return f"`({axes})`"


def _origin(kind: Kind) -> str:
    if kind.source != DESIGN_SOURCE:
        return {"random": "random windows", "ledger": "ledgers of synthetic designs"}[kind.source]
    config = kind.config
    seen = {"first": "the nets before it", "full": "all other nets"}[config["states"]]
    return (
        f"the design {config['design']['name']}, routed by the {config['router']} router at effort "
        f"{config['effort']}; a net sees the wires of {seen}"
    )


def _designs(folder: Path, sets: list[_Set]) -> str:
    """How many nets of each design have a window, and the files that it was read from."""
    windows: dict[str, int] = {}
    files = set()
    for one in sets:
        if one.kind.source == DESIGN_SOURCE:
            design = one.kind.config["design"]
            name = design["name"]
            windows[name] = windows.get(name, 0) + sum(one.counts.values())
            files |= {(name, f"`{f['name']}`", f"`{f['sha256']}`") for f in design["files"]}
    if not windows:
        return ""
    counts = [
        (name, str(_nets_to_route(folder, name)), str(count))
        for name, count in sorted(windows.items())
    ]
    return _DESIGNS.format(
        counts=_table(("design", "nets to route", "with a window"), counts),
        files=_table(("design", "file", "SHA-256"), sorted(files)),
    )


def _nets_to_route(folder: Path, name: str) -> int:
    """Nets of a design with pins in more than one tile."""
    path = wires_path(folder, name)
    try:
        with np.load(path, allow_pickle=False) as wires:
            return int(np.count_nonzero(np.diff(wires["pin_offsets"]) > 1))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(path, None, "cannot be read", "the wires of the design") from error


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
