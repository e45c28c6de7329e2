"""Data sets opened for whoever learns from them: samples by number, as NumPy arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, SupportsIndex, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eda_router.dataset.labels import LabelArray, tree_edges, tree_mask
from eda_router.dataset.shards import (
    ROUTER,
    STATE,
    TEACHER,
    Kind,
    ShardArrays,
    Shards,
    read_kind,
)
from eda_router.errors import InputError, expect_type
from eda_router.neural.tensors import free_tracks, pin_tiles

Split = Literal["train", "validation"]
SPLITS: tuple[Split, ...] = ("train", "validation")


@dataclass(frozen=True)
class Feature:
    """An array of a sample.

    Attributes:
        name: of the array.
        dtype: of its numbers.
        axes: its shape, where ``size`` stands for the size of the windows.
        meaning: what it says, in words.
        plane: the plane that it is made of; None: it is the fact of its name.
        take: makes it of that plane, ``(num_samples, size, size)``.
    """

    name: str
    dtype: type[np.generic]
    axes: tuple[str | int, ...]
    meaning: str
    plane: str | None = None
    take: Callable[[NDArray[np.uint8]], NDArray[Any]] | None = None

    def shape(self, size: int) -> tuple[int, ...]:
        """Its shape in a sample of windows of ``size``."""
        return tuple(size if axis == "size" else int(axis) for axis in self.axes)


def _tree(plane: LabelArray) -> NDArray[np.uint8]:
    """Edges to the right, edges upwards and tiles of trees, ``(num_samples, size, size, 3)``."""
    return np.concatenate([tree_edges(plane), tree_mask(plane)[..., None]], axis=-1)


_TREE = "1 where the tile's edge to the right, its edge upwards, the tile itself are in it"
_WINDOW = ("size", "size")
FEATURES = (
    Feature(
        "free",
        np.uint8,
        (*_WINDOW, 2),
        "free tracks of each tile's edge to the right and edge upwards, 0 to 8, where 8 is 8 or "
        "more; 0 across the border of window or grid",
        STATE,
        free_tracks,
    ),
    Feature("pins", np.bool_, _WINDOW, "tiles with a pin of the net", STATE, pin_tiles),
    Feature(TEACHER, np.uint8, (*_WINDOW, 3), f"the teacher's tree: {_TREE}", TEACHER, _tree),
    Feature(ROUTER, np.uint8, (*_WINDOW, 3), f"the router's tree: {_TREE}", ROUTER, _tree),
    Feature("net", np.int32, (), "number of the net in its design, from 0"),
    Feature("x", np.int32, (), "column of the window's lower-left tile in the design's grid"),
    Feature("y", np.int32, (), "row of the window's lower-left tile in the design's grid"),
)
"""All that samples may have, in the order in which they have it."""


def features_of(kind: Kind) -> list[Feature]:
    """What the samples of a data set have."""
    return [
        feature
        for feature in FEATURES
        if (feature.plane in kind.planes if feature.plane else feature.name in kind.facts)
    ]


class SampleSet:
    """Samples of one window size, of one or more data sets one after the other.

    A map-style data set: ``len(samples)``, and ``samples[i]`` gives sample number i as a dictionary
    of NumPy arrays; see :data:`FEATURES` for what they are. A slice or a list of numbers gives a
    batch, with one axis more in front. Row 0 of an array is the lowest.

    Shards are mapped into memory and checked when they are first read. The set can be pickled, so
    that processes which load samples get it.

    Args:
        parts: of one window size.

    Attributes:
        size: of the windows, tiles.
        features: what every sample has: all that each part has.
        starts: int64 ``(num_parts + 1,)``, number of the first sample of each part.
        names: of the parts.

    Example:
        >>> import eda_router
        >>> from eda_router.dataset.config import DatasetConfig
        >>> config = DatasetConfig(sizes=(8,), shards=2, shard_samples=20, source="random")
        >>> made = eda_router.dataset.make("made", config=config)
        >>> samples = eda_router.dataset.open("made")
        >>> len(samples), samples[5]["teacher"].shape, samples[10:30]["free"].dtype
        (40, (8, 8, 3), dtype('uint8'))
    """

    def __init__(self, parts: Sequence[Shards]):
        if not parts or len({part.kind.size for part in parts}) > 1:
            raise ValueError("parts of no size or several, expected one size")
        self._parts = list(parts)
        self.size = parts[0].kind.size
        self.names = tuple(part.folder.name for part in parts)
        common = [features_of(part.kind) for part in parts]
        self.features = [one for one in common[0] if all(one in others for others in common)]
        self.starts = np.cumsum([0, *(len(part) for part in parts)])

    def __repr__(self) -> str:
        return f"SampleSet({', '.join(self.names)}: {len(self)} samples)"

    def __len__(self) -> int:
        """Number of samples."""
        return int(self.starts[-1])

    def __getitem__(self, index: int | slice | ArrayLike) -> dict[str, Any]:
        """A sample by its number, counted from the end where it is negative, or a batch of them.

        Raises:
            IndexError: there is no sample of that number.
            TypeError: ``index`` is neither a whole number, nor a slice or list of them.
            InputError: the shard that holds a sample is damaged.
        """
        if isinstance(index, slice):
            return self._read(np.arange(len(self))[index])
        try:
            number = operator.index(cast(SupportsIndex, index))
        except TypeError:
            numbers = np.asarray(index)
            if numbers.dtype != np.bool_ and not np.issubdtype(numbers.dtype, np.integer):
                if numbers.size:
                    raise TypeError(f"index {index!r:.60}, expected whole numbers") from None
                numbers = numbers.astype(np.int64)
            return self._read(np.arange(len(self))[numbers.reshape(-1)])
        if not -len(self) <= number < len(self):
            raise IndexError(f"sample {number}, expected {-len(self)} to {len(self) - 1}")
        batch = self._read(np.array([number % len(self)]))
        return {name: array[0] for name, array in batch.items()}

    def _read(self, numbers: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """The samples with these numbers, 0 or more."""
        batch = {
            feature.name: np.empty((len(numbers), *feature.shape(self.size)), feature.dtype)
            for feature in self.features
        }
        which = np.searchsorted(self.starts, numbers, side="right") - 1
        for number in np.unique(which).tolist():
            rows = which == number
            part = self._parts[number]
            arrays = part.read(numbers[rows] - self.starts[number])
            for feature in self.features:
                batch[feature.name][rows] = _values(feature, part.kind, arrays)
        return batch


def _values(feature: Feature, kind: Kind, arrays: ShardArrays) -> NDArray[Any]:
    if feature.plane is None or feature.take is None:
        return arrays.facts[:, kind.facts.index(feature.name)]
    return feature.take(arrays.windows[:, kind.planes.index(feature.plane)])


def find_sets(folder: Path) -> list[Path]:
    """The data sets in a folder, or the folder itself where it is one; sorted."""
    if (folder / "manifest.json").is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob("*/manifest.json"))


def open(
    folder: str | Path,
    *,
    split: Split = "train",
    size: int | None = None,
    names: Sequence[str] | None = None,
) -> SampleSet:
    """Open what ``edaroute dataset`` made.

    Args:
        folder: of all data sets, or of one such as ``samples/ibm02-16``.
        split: ``train`` or ``validation``.
        size: of the windows; may be left out where there is one size only.
        names: sources, such as ``["ledger", "ibm02"]``; all where it is None.

    Returns:
        The samples of all data sets of that size, in the order of their names.

    Raises:
        TypeError, ValueError: an argument is of another type, or no split.
        InputError: there is no such data set, or one that cannot be read.

    Example:
        >>> from eda_router.dataset.config import SampleConfig
        >>> from eda_router.dataset.samples import write_dataset
        >>> config = SampleConfig(shard_samples=10)
        >>> made = list(write_dataset(Path("samples/random-8"), config, 8, [0]))
        >>> samples = open("samples", size=8)
        >>> samples
        SampleSet(random-8: 10 samples)
        >>> {name: array.shape for name, array in samples[-1].items()}
        {'free': (8, 8, 2), 'pins': (8, 8), 'teacher': (8, 8, 3)}
        >>> samples[2:5]["pins"].shape
        (3, 8, 8)
    """
    expect_type("folder", folder, (str, Path))
    if split not in SPLITS:
        raise ValueError(f"split {split!r}, expected {' or '.join(SPLITS)}")
    chosen = _choose(Path(folder), size, names)
    return SampleSet([Shards(place, validation=split == "validation") for place in chosen])


def _choose(folder: Path, size: int | None, names: Sequence[str] | None) -> list[Path]:
    """The data sets in a folder of one size, and of some sources where they are named.

    Raises:
        InputError: there are none, or several sizes to choose from.
    """
    kinds = {place: read_kind(place) for place in find_sets(folder)}
    sizes = sorted({kind.size for kind in kinds.values()})
    if not kinds:
        raise InputError(folder, None, "no data set", "a folder made by 'edaroute dataset'")
    if size is None and len(sizes) > 1:
        raise InputError(folder, None, "windows of several sizes", f"size: one of {_listed(sizes)}")
    size = sizes[0] if size is None else size
    chosen = [
        place
        for place, kind in kinds.items()
        if kind.size == size and (names is None or source_name(place, kind) in names)
    ]
    if not chosen:
        known = sorted({source_name(place, kind) for place, kind in kinds.items()})
        raise InputError(
            folder,
            None,
            f"no data set of {size}x{size} tiles" + (f" named {_listed(names)}" if names else ""),
            f"sizes {_listed(sizes)}, names {_listed(known)}",
        )
    return chosen


def source_name(place: Path, kind: Kind) -> str:
    """``random``, ``ledger`` or the name of the design of a data set."""
    return place.name.removesuffix(f"-{kind.size}")


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(str, values))
