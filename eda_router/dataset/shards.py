"""Data sets on disk: shards, each a pure function of its folder's manifest and its number.

A folder holds ``manifest.json`` and, for each shard,

- ``shard-NNNNNNN.npy``, uint8 ``(num_samples, num_planes, size, size)``: the planes that the
  manifest names, ``state`` (:mod:`eda_router.neural.tensors`) first, then trees, each written as a
  label is (:mod:`eda_router.dataset.labels`);
- where the manifest names facts, ``shard-NNNNNNN-facts.npy``, int32 ``(num_samples, num_facts)``;
- ``shard-NNNNNNN.json``, the manifest's words once more, and the checksums.

Shards from :data:`VALIDATION_SHARD` on are kept from training, by convention.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.dataset.labels import RIGHT_BIT, TILE_BIT, UP_BIT
from eda_router.errors import InputError
from eda_router.files import write_atomically, write_text
from eda_router.neural.tensors import NUM_STATES

FORMAT = "edaroute-samples-3"
"""What the manifest and the note of each shard are written in.

Formats 1 and 2 had neither ``planes`` nor ``facts``: a shard held states and the teacher's trees.
Format 1 differs in the config, too: ``expected_demand`` was no setting but fixed, so a manifest did
not say all that its shards were made of. The arrays are the same, and folders of both formats are
read and gone on with as what they are.
"""

FIXED_IN_FORMAT_1 = {"labels": "optimal", "expected_demand": 0.4}
"""What samples of format 1 are made of where their manifest does not say."""

VALIDATION_SHARD = 1_000_000
"""Shards from here on are kept from training."""

STATE, TEACHER, ROUTER = "state", "teacher", "router"
"""Planes: what was seen, the teacher's tree, the router's."""

DESIGN_SOURCE = "design"
"""The source of samples from designs that were given; others are made up."""

OWN_LICENSE = "mit"
"""That of samples which the package makes up."""

_EARLIER = ("edaroute-samples-1", "edaroute-samples-2")
_OPEN_SHARDS = 256
"""Shards that stay mapped into memory, each an open file."""

_HIGHEST = {STATE: NUM_STATES - 1, TEACHER: RIGHT_BIT | UP_BIT | TILE_BIT}
_HIGHEST[ROUTER] = _HIGHEST[TEACHER]


@dataclass(frozen=True)
class Kind:
    """What the samples of a data set are, and what they are made of: the manifest.

    Attributes:
        size: of the windows, tiles.
        config: all that decides a shard's bytes beside its number; plain values that JSON holds.
        planes: names of the images of a sample.
        facts: names of the whole numbers that go with a sample.
        license: name of the licence that the samples are under; it decides no byte of a shard.
    """

    size: int
    config: dict[str, Any]
    planes: tuple[str, ...] = (STATE, TEACHER)
    facts: tuple[str, ...] = ()
    license: str = field(default=OWN_LICENSE, compare=False)

    @property
    def values(self) -> dict[str, Any]:
        """What the manifest and the note of each shard say, without the licence."""
        values = {
            "format": FORMAT,
            "size": self.size,
            "planes": self.planes,
            "facts": self.facts,
            "config": self.config,
        }
        plain: dict[str, Any] = json.loads(json.dumps(values))
        return plain

    @property
    def source(self) -> str:
        """``random``, ``ledger`` or ``design``."""
        return str(self.config.get("source"))


class ShardArrays(NamedTuple):
    """Samples.

    Attributes:
        windows: uint8 ``(num_samples, num_planes, size, size)``.
        facts: int32 ``(num_samples, num_facts)``.
    """

    windows: NDArray[np.uint8]
    facts: NDArray[np.int32]


def read_kind(folder: Path) -> Kind:
    """The manifest of a data set, as this format has it.

    Raises:
        InputError: there is none, or it is not in the format.
    """
    path = folder / "manifest.json"
    facts = read_json(path)
    if facts.get("format") != FORMAT:
        raise InputError(path, None, f"format {facts.get('format')!r}", FORMAT)
    planes, names = facts.get("planes"), facts.get("facts")
    if not isinstance(facts.get("size"), int) or "config" not in facts:
        raise InputError(path, None, "not complete", "size and config")
    if not isinstance(planes, list) or not isinstance(names, list):
        raise InputError(path, None, "not complete", "lists of planes and facts")
    if not all(plane in [*_HIGHEST] for plane in planes):
        raise InputError(path, None, f"planes {planes!r:.60}", ", ".join(_HIGHEST))
    license = str(facts.get("license", OWN_LICENSE))
    return Kind(facts["size"], facts["config"], tuple(planes), tuple(names), license)


def write_kind(folder: Path, kind: Kind) -> None:
    """Make a folder for data of a kind, or go on with one.

    Raises:
        InputError: it holds data of another kind, or cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    if manifest.exists():
        found = read_json(manifest)
        found.pop("license", None)
        _check_same(manifest, found, kind.values)
    _write_json(manifest, {**kind.values, "license": kind.license})


def _check_same(manifest: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Refuse a folder that holds samples of another kind, and say what is different."""
    if found == wanted:
        return
    theirs, ours = ({**facts.pop("config", {}), **facts} for facts in (found, {**wanted}))
    names = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
    problem, expected = (
        ", ".join(f"{name} {facts.get(name)}" for name in names) for facts in (theirs, ours)
    )
    raise InputError(manifest, None, f"made with another config: {problem}", expected)


def keep_shard(folder: Path, kind: Kind, shard: int, make: Callable[[], ShardArrays]) -> bool:
    """Make a shard on disk unless it is there and whole already.

    Returns:
        Whether it had to be made.

    Raises:
        InputError: the shard cannot be written.
    """
    path, facts_path = _shard_paths(folder, shard)
    note = {**kind.values, "shard": shard}
    try:
        sums = {"sha256": _digest(path)}
        if kind.facts:
            sums["facts_sha256"] = _digest(facts_path)
        if read_json(path.with_suffix(".json")) == {**note, **sums}:
            return False
    except (InputError, OSError):
        pass
    windows, facts = make()
    note["sha256"] = _write_array(path, windows)
    if kind.facts:
        note["facts_sha256"] = _write_array(facts_path, facts)
    _write_json(path.with_suffix(".json"), note)
    return True


def _shard_paths(folder: Path, shard: int) -> tuple[Path, Path]:
    return folder / f"shard-{shard:07d}.npy", folder / f"shard-{shard:07d}-facts.npy"


def _write_array(path: Path, array: NDArray[Any]) -> str:
    """Write an array; give its checksum."""
    file = io.BytesIO()
    np.save(file, array)
    data = file.getvalue()
    write_atomically(path, data)
    return hashlib.sha256(data).hexdigest()


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, value: dict[str, Any]) -> None:
    write_text(path, json.dumps(value, indent=1) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """A manifest or the note of a shard, as this format has it.

    Raises:
        InputError: it cannot be read, or is neither.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(path, None, "not JSON", "a manifest") from error
    if not isinstance(value, dict) or not isinstance(value.get("config", {}), dict):
        raise InputError(path, None, "not a JSON object", "a manifest")
    return _upgraded(value)


def _upgraded(facts: dict[str, Any]) -> dict[str, Any]:
    """A description of an earlier format as one of this format; others as they are."""
    earlier = facts.get("format")
    if earlier not in _EARLIER:
        return facts
    config = facts.get("config")
    if config is not None and earlier == _EARLIER[0]:
        config = {**FIXED_IN_FORMAT_1, **config}
    upgraded = {**facts, "format": FORMAT, "planes": [STATE, TEACHER], "facts": []}
    return upgraded if config is None else {**upgraded, "config": config}


class Shards:
    """The shards of a folder, mapped into memory when samples of them are first asked for.

    A shard is checked against its checksum when it is first mapped; of many shards the least
    recently used are let go again. Can be pickled, and copies map shards of their own.

    Args:
        folder: of the data set.
        validation: read the validation shards instead of the training shards.

    Attributes:
        folder: as given.
        kind: the manifest.

    Raises:
        InputError: no data set, or a shard of another shape than the manifest says.
    """

    def __init__(self, folder: Path, *, validation: bool = False):
        self.folder = folder
        self.kind = read_kind(folder)
        self._notes: list[tuple[int, dict[str, Any]]] = []
        counts = [0]
        for path in sorted(folder.glob("shard-*.json")):
            noted = read_json(path)
            if not {"shard", "sha256"} <= noted.keys():
                raise InputError(path, None, "no shard", "its number and checksum")
            if (noted["shard"] >= VALIDATION_SHARD) == validation:
                self._notes.append((noted["shard"], noted))
                counts.append(len(self._map(noted["shard"])[0]))
        self._starts = np.cumsum(counts)
        self._open: OrderedDict[int, ShardArrays] = OrderedDict()
        self._checked: set[int] = set()

    def __getstate__(self) -> dict[str, Any]:
        # A mapped array would be pickled with all its bytes.
        return {**self.__dict__, "_open": OrderedDict()}

    def __len__(self) -> int:
        """Number of samples in all shards."""
        return int(self._starts[-1])

    @property
    def num_bytes(self) -> int:
        """Size of the arrays on disk."""
        paths = [path for shard, _ in self._notes for path in _shard_paths(self.folder, shard)]
        return sum(path.stat().st_size for path in paths if path.exists())

    def check(self) -> None:
        """Check all shards.

        Raises:
            InputError: one does not match its checksum, or has bytes that no writer makes.
        """
        for number in range(len(self._notes)):
            self._shard(number)

    def read(self, indices: NDArray[np.integer]) -> ShardArrays:
        """The samples with these numbers, in this order; a copy.

        Raises:
            InputError: as for :meth:`check`, of the shards that hold them.
        """
        kind = self.kind
        shape = (len(indices), len(kind.planes), kind.size, kind.size)
        found = ShardArrays(
            np.empty(shape, np.uint8), np.empty((len(indices), len(kind.facts)), np.int32)
        )
        which = np.searchsorted(self._starts, indices, side="right") - 1
        for number in np.unique(which).tolist():
            rows = which == number
            shard, places = self._shard(number), indices[rows] - self._starts[number]
            found.windows[rows] = shard.windows[places]
            found.facts[rows] = shard.facts[places]
        return found

    def _shard(self, number: int) -> ShardArrays:
        """A shard by its place in the list, mapped and checked."""
        if number in self._open:
            self._open.move_to_end(number)
            return self._open[number]
        shard, noted = self._notes[number]
        if number not in self._checked:
            for path, key in zip(
                _shard_paths(self.folder, shard), ("sha256", "facts_sha256"), strict=True
            ):
                if key in noted and _digest(path) != noted[key]:
                    raise InputError(path, None, "damaged", f"sha256 {noted[key]}")
        arrays = ShardArrays(*self._map(shard))
        if number not in self._checked:
            self._check_range(shard, arrays)
            self._checked.add(number)
        self._open[number] = arrays
        if len(self._open) > _OPEN_SHARDS:
            self._open.popitem(last=False)
        return arrays

    def _map(self, shard: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        kind = self.kind
        path, facts_path = _shard_paths(self.folder, shard)
        windows = _mapped(path, np.uint8, (len(kind.planes), kind.size, kind.size))
        facts = np.empty((len(windows), 0), np.int32)
        if kind.facts:
            facts = _mapped(facts_path, np.int32, (len(kind.facts),))
            if len(facts) != len(windows):
                raise InputError(facts_path, None, f"{len(facts)} samples", f"{len(windows)}")
        return windows, facts

    def _check_range(self, shard: int, arrays: ShardArrays) -> None:
        for plane, name in enumerate(self.kind.planes):
            if arrays.windows[:, plane].max(initial=0) > _HIGHEST[name]:
                path, _ = _shard_paths(self.folder, shard)
                raise InputError(path, None, f"bytes out of range in {name}", "states and trees")


def _mapped(path: Path, dtype: type, shape: tuple[int, ...]) -> NDArray[Any]:
    """An array on disk, ``(num_samples, *shape)``."""
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(path, None, "damaged, no NumPy array", "a shard") from error
    if array.dtype != dtype or array.ndim != 1 + len(shape) or array.shape[1:] != shape:
        wanted = ", ".join(str(side) for side in ("samples", *shape))
        raise InputError(
            path, None, f"{array.dtype} {array.shape}", f"{np.dtype(dtype)} ({wanted})"
        )
    return array
