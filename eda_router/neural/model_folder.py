"""The folder of a model: its files, their names, and whether they are whole.

A model folder holds ``model.keras``, ``exits.json`` (sizes, thresholds, latent, and the SHA-256 of
what follows) and, for OpenVINO, ``exit<size>.xml`` with their common weights ``exits.bin``, and the
same in whole numbers of eight bits, ``exit<size>.int8.xml`` with ``exits.int8.bin``, of those exits
that routing draws by default and that draw alike in them.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args
from zipfile import ZIP_DEFLATED, ZipFile

from eda_router.errors import InputError
from eda_router.files import write_atomically, write_text
from eda_router.neural.architecture import Architecture, network

EXITS = "exits.json"
MODEL = "model.keras"
FORMAT = "edaroute-model-2"

Export = Literal["float32", "int8"]
"""In which numbers the weights of exported exits are; bfloat16 is computed from float32."""

CONSTANT = re.compile(r'offset="(\d+)" size="(\d+)"')
"""Where a constant of an OpenVINO model lies in its file of weights."""


def exit_file(size: int, export: Export = "float32") -> str:
    """Name of the file of an exported exit."""
    return f"exit{size}.xml" if export == "float32" else f"exit{size}.{export}.xml"


def weights_file(export: Export = "float32") -> str:
    """Name of the file of the weights that exported exits have in common."""
    return "exits.bin" if export == "float32" else f"exits.{export}.bin"


def read_facts(folder: Path) -> dict[str, Any]:
    """What ``exits.json`` says.

    Raises:
        InputError: it cannot be read, or does not say all.
    """
    path = folder / EXITS
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            path, None, f"cannot be read: {error.strerror}", "a model folder"
        ) from error
    except ValueError as error:
        raise InputError(path, None, "not JSON", "a model folder") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise InputError(path, None, "another format", FORMAT)
    latent, thresholds = (facts.get(key) for key in ("latent", "thresholds"))
    sizes = []
    for key, least in (("exits", 1), ("further", 0)):
        listed = facts.get(key, [])
        if not isinstance(listed, list) or not all(_is_whole(size, 1) for size in listed):
            raise InputError(path, None, f"{key} {listed}", "a list of window sizes")
        if len(listed) < least:
            raise InputError(path, None, f"{key} {listed}", "a window size or more")
        sizes += listed
        if sizes != sorted(set(sizes)):
            raise InputError(path, None, f"{key} {listed}", "rising window sizes")
    if not isinstance(facts.get("sha256", {}), dict):
        raise InputError(path, None, f"sha256 {facts['sha256']}", "a digest for each file")
    for size in sizes:
        numbers = latent.get(str(size)) if isinstance(latent, dict) else None
        if not _is_whole(numbers, 0):
            raise InputError(path, None, f"latent {numbers} of exit {size}", "a whole number")
        threshold = thresholds.get(str(size)) if isinstance(thresholds, dict) else None
        if not isinstance(threshold, (int, float)) or not 0.0 <= threshold <= 1.0:
            raise InputError(path, None, f"threshold {threshold} of exit {size}", "0 to 1")
    return facts


def _is_whole(value: Any, low: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= low


def check_digests(folder: Path, facts: Mapping[str, Any], exports: Mapping[int, Export]) -> None:
    """Make sure that the files that OpenVINO reads are those whose digests stand in the facts.

    Raises:
        InputError: one cannot be read or is another.
    """
    digests = facts.get("sha256", {})
    names = {weights_file(export) for export in exports.values()}
    names |= {exit_file(size, export) for size, export in exports.items()}
    for name in sorted(names):
        path = folder / name
        if name not in digests:
            continue
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(path, None, f"cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != digests[name]:
            raise InputError(path, None, "damaged", f"the file that {EXITS} has the SHA-256 of")


def check_exit(folder: Path, size: int, export: Export = "float32") -> str:
    """Make sure that an exported exit is whole and its weights are as long as it needs.

    Returns:
        its text.

    Raises:
        InputError: one of the two files cannot be read or is cut short.
    """
    path, weights = folder / exit_file(size, export), folder / weights_file(export)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(path, None, "damaged", "an exported exit") from error
    if not text.rstrip().endswith("</net>"):
        raise InputError(path, None, "cut short or damaged", "an exported exit")
    try:
        held = weights.stat().st_size
    except OSError as error:
        raise InputError(weights, None, f"cannot be read: {error.strerror}") from error
    needed = max((int(m[1]) + int(m[2]) for m in CONSTANT.finditer(text)), default=0)
    if held < needed:
        raise InputError(weights, None, f"{held} bytes", f"at least {needed} for {path.name}")
    return text


def load_model(folder: str | Path) -> Architecture:
    """The folder's Keras model, in float32.

    Raises:
        InputError: it cannot be read.
    """
    kind = network()
    import keras

    path = Path(folder) / MODEL
    if not path.exists():
        raise InputError(path, None, "cannot be read: no such file", "a trained model")
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:
        # What Keras, HDF5 and zip raise on damaged files is of many kinds, documented nowhere.
        raise InputError(path, None, "damaged", "a trained model") from error
    if not isinstance(model, kind):
        raise InputError(path, None, f"a {type(model).__name__}", f"a {kind.__name__}")
    loaded: Architecture = model
    return loaded


def save_model(model: Architecture, path: Path) -> None:
    """Replace the Keras model at ``path``.

    Keras stores what it zips; weights rounded to half precision deflate to three fifths.
    """
    lean = io.BytesIO()
    with TemporaryDirectory(dir=path.parent) as scratch:
        beside = Path(scratch) / MODEL
        model.save(beside)
        with ZipFile(beside) as stored, ZipFile(lean, "w") as deflated:
            for member in stored.infolist():
                deflated.writestr(member, stored.read(member), ZIP_DEFLATED)
    write_atomically(path, lean.getvalue())


def write_exits(
    folder: str | Path,
    exits: Mapping[int, float],
    latent: Mapping[int, int],
    further: Collection[int] = (),
) -> None:
    """Write ``exits.json``: the exits, their thresholds and how much noise a sample takes.

    Also digests of what OpenVINO reads, so that comes after the exits are exported.

    Args:
        folder: of the model.
        exits: threshold of each exit, by its size in tiles.
        latent: numbers of noise of each.
        further: those of them that the model was not trained for.

    Raises:
        InputError: the file cannot be written.

    Example:
        >>> import eda_router, shutil
        >>> from eda_router.resources import folder
        >>> mine = shutil.copytree(folder("models"), "mine")
        >>> model = eda_router.load_model(mine)
        >>> eda_router.write_exits(
        ...     mine, {**model.thresholds, 8: 0.25}, model.latent, model.further
        ... )
        >>> eda_router.load_model(mine).thresholds[8]
        0.25
    """
    folder = Path(folder)
    names = [
        name
        for export in get_args(Export)
        for name in (weights_file(export), *(exit_file(size, export) for size in sorted(exits)))
    ]
    facts = {
        "format": FORMAT,
        "exits": sorted(set(exits) - set(further)),
        "further": sorted(further),
        "thresholds": {str(size): exits[size] for size in sorted(exits)},
        "latent": {str(size): latent[size] for size in sorted(exits)},
        "sha256": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in names
            if (folder / name).exists()
        },
    }
    write_text(folder / EXITS, json.dumps(facts, indent=1) + "\n")
