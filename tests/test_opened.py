"""Data sets opened: samples by number, lazily, in any process, and what loaders ask of them."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from eda_router import dataset
from eda_router.cli import main
from eda_router.dataset import shards as on_disk
from eda_router.dataset.labels import tree_edges, tree_mask
from eda_router.dataset.samples import Dataset
from eda_router.errors import InputError
from eda_router.neural.tensors import free_tracks, pin_tiles

CHECKOUT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random windows and those of a design, in shards of 30 samples."""
    place = tmp_path_factory.mktemp("opened") / "samples"
    args = ["dataset", place, "--sizes", "8,16", "--shards", 3, "--shard-samples", 30, "-q"]
    args += ["--design", "synth-tiny", "--source", "random"]
    assert main([str(arg) for arg in args]) == 0
    return place


def test_samples_are_those_on_disk(folder: Path) -> None:
    samples = dataset.open(folder, size=8, names=["random"])
    raw = Dataset(folder / "random-8").take(np.arange(90))
    assert len(samples) == 90
    for index in (0, 29, 30, 89):
        sample = samples[index]
        assert list(sample) == ["free", "pins", "teacher"]
        state, label = raw.states[index], raw.labels[index]
        assert np.array_equal(sample["free"], free_tracks(state))
        assert np.array_equal(sample["pins"], pin_tiles(state))
        assert np.array_equal(sample["teacher"][..., :2], tree_edges(label))
        assert np.array_equal(sample["teacher"][..., 2], tree_mask(label))


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return list(one) == list(other) and all(np.array_equal(one[name], other[name]) for name in one)


def test_numbers_slices_and_lists_give_the_same_samples(folder: Path) -> None:
    samples = dataset.open(folder, size=8)
    count = len(samples)
    assert count > 200
    for index in (0, 17, count - 1):
        assert same(samples[index], samples[index - count])
        assert same(samples[np.int32(index)], samples[index])
    assert samples[0]["pins"].shape == (8, 8)
    order = [count - 1, 0, 95, 0, -1]
    batch = samples[order]
    assert batch["free"].shape == (5, 8, 8, 2)
    for row, index in enumerate(order):
        assert same({name: array[row] for name, array in batch.items()}, samples[index])
    assert same(samples[5:200:60], samples[np.array([5, 65, 125, 185])])
    assert same(samples[-1:-4:-1], samples[[-1, -2, -3]])
    mask = np.zeros(count, np.bool_)
    mask[[3, 140]] = True
    assert same(samples[mask], samples[[3, 140]])
    assert samples[[]]["free"].shape == (0, 8, 8, 2)
    assert len(list(samples)) == count


def test_what_is_no_number_of_a_sample_is_refused(folder: Path) -> None:
    samples = dataset.open(folder, size=16)
    for index in (len(samples), -len(samples) - 1):
        with pytest.raises(IndexError, match="expected"):
            samples[index]
    with pytest.raises(IndexError):
        samples[[0, len(samples)]]
    for wrong in (1.5, "a", [0.5]):
        with pytest.raises(TypeError, match="whole numbers"):
            samples[wrong]  # type: ignore[index]


def test_sources_are_joined_with_what_all_of_them_have(folder: Path) -> None:
    alone = dataset.open(folder, size=8, names=["synth-tiny"])
    assert list(alone[0]) == ["free", "pins", "teacher", "router", "net", "x", "y"]
    both = dataset.open(folder, size=8)
    assert both.names == ("random-8", "synth-tiny-8")
    assert [feature.name for feature in both.features] == ["free", "pins", "teacher"]
    assert both.starts.tolist() == [0, 90, 90 + len(alone)]
    assert np.array_equal(both[90]["free"], alone[0]["free"])
    one = dataset.open(folder / "synth-tiny-8")
    assert len(one) == len(alone)
    assert repr(one) == f"SampleSet(synth-tiny-8: {len(one)} samples)"
    for feature in alone.features:
        assert alone[0][feature.name].shape == feature.shape(8)
        assert alone[0][feature.name].dtype == feature.dtype


def test_splits_share_no_sample(folder: Path) -> None:
    nets = [
        set(dataset.open(folder, size=8, names=["synth-tiny"], split=split)[:]["net"].tolist())
        for split in ("train", "validation")
    ]
    assert nets[0]
    assert nets[1]
    assert not nets[0] & nets[1]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({}, InputError, "windows of several sizes, expected size: one of 8, 16"),
        ({"size": 32}, InputError, "no data set of 32x32 tiles, expected sizes 8, 16"),
        ({"size": 8, "names": ["x"]}, InputError, "named x, .*names random, synth-tiny"),
        ({"size": 8, "split": "test"}, ValueError, "expected train or validation"),
    ],
)
def test_what_is_not_there_cannot_be_opened(
    folder: Path, options: dict[str, object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        dataset.open(folder, **options)  # type: ignore[arg-type]


def test_a_folder_of_something_else_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no data set, expected a folder made by"):
        dataset.open(tmp_path)
    with pytest.raises(TypeError, match="folder"):
        dataset.open(3)  # type: ignore[arg-type]


def test_shards_are_mapped_and_checked_when_first_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = shutil.copytree(folder / "random-8", tmp_path / "random-8")
    path = place / "shard-0000001.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 4
    path.write_bytes(data)
    samples = dataset.open(place)
    assert samples[29]["pins"].any()
    assert samples[60]["pins"].any()
    with pytest.raises(InputError, match="damaged"):
        samples[30]
    with pytest.raises(InputError, match="damaged"):
        Dataset(place)

    monkeypatch.setattr(on_disk, "_OPEN_SHARDS", 1)
    samples = dataset.open(folder, size=8, names=["random"])
    expected = samples[:]
    for index in np.random.default_rng(1).permutation(90).tolist():
        assert np.array_equal(samples[index]["free"], expected["free"][index])
    assert len(samples._parts[0]._open) == 1


def taken(samples: dataset.SampleSet, index: int) -> np.ndarray:
    return samples[index]["free"]


def test_other_processes_get_the_set_without_its_bytes(folder: Path) -> None:
    samples = dataset.open(folder, size=16)
    samples[:]
    sent = pickle.dumps(samples)
    assert len(sent) < sum(path.stat().st_size for path in folder.glob("*-16/*.npy")) / 4
    with get_context("spawn").Pool(2) as pool:
        got = pool.starmap(taken, [(samples, 3), (samples, 100)])
    for index, array in zip((3, 100), got, strict=True):
        assert np.array_equal(array, samples[index]["free"])


def test_format_2_is_read_and_gone_on_with(folder: Path, tmp_path: Path) -> None:
    place = shutil.copytree(folder, tmp_path / "samples") / "random-8"
    for path in place.glob("*.json"):
        facts = json.loads(path.read_text())
        facts["format"] = "edaroute-samples-2"
        for name in ("planes", "facts", "license"):
            facts.pop(name, None)
        path.write_text(json.dumps(facts, indent=1) + "\n")
    old = dataset.open(place)
    assert same(old[:], dataset.open(folder / "random-8")[:])
    args = ["dataset", place.parent, "--sizes", "8", "--shards", 4, "--shard-samples", 30, "-q"]
    assert main([str(arg) for arg in [*args, "--source", "random"]]) == 0
    assert len(dataset.open(place)) == 120


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"format": "edaroute-samples-9"}, "format 'edaroute-samples-9', expected edaroute-sam"),
        ({"planes": ["state", "smell"]}, "'smell'.*, expected state, teacher, router"),
        ({"planes": None}, "not complete, expected lists"),
    ],
)
def test_a_manifest_of_the_future_is_refused(
    folder: Path, tmp_path: Path, damage: dict[str, object], said: str
) -> None:
    place = shutil.copytree(folder / "random-8", tmp_path / "random-8")
    manifest = place / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **damage}))
    with pytest.raises(InputError, match=said):
        dataset.open(place)


def test_facts_must_fit_their_windows(folder: Path, tmp_path: Path) -> None:
    place = shutil.copytree(folder / "synth-tiny-8", tmp_path / "synth-tiny-8")
    np.save(place / "shard-0000000-facts.npy", np.zeros((3, 3), np.int32))
    with pytest.raises(InputError, match="3 samples, expected 30"):
        dataset.open(place)
    np.save(place / "shard-0000000-facts.npy", np.zeros((30, 3), np.int64))
    with pytest.raises(InputError, match=re.escape("int64 (30, 3), expected int32 (samples, 3)")):
        dataset.open(place)


LOADER = """
import pickle, sys
from importlib.util import find_spec
from multiprocessing import get_context
import numpy as np
from eda_router import dataset

def collate(numbers):
    taken = [samples[number] for number in numbers]
    return {name: np.stack([sample[name] for sample in taken]) for name in taken[0]}

samples = dataset.open(sys.argv[1], size=8, names=["synth-tiny"])
samples[0]  # a shard is open when the workers are forked
order = np.random.default_rng(3).permutation(len(samples)).tolist()
batches = [order[begin : begin + 32] for begin in range(0, len(order), 32)]
with get_context("fork").Pool(2) as pool:
    found = pool.map(collate, batches)
sys.stdout.buffer.write(pickle.dumps((batches, found)))
"""
"""What PyTorch's DataLoader does: workers are forked, and collate samples taken by number."""


def test_workers_that_are_forked_take_samples_by_number(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADER, str(folder)], capture_output=True, check=True
    )
    batches, found = pickle.loads(done.stdout)
    samples = dataset.open(folder, size=8, names=["synth-tiny"])
    assert sorted(number for batch in batches for number in batch) == list(range(len(samples)))
    for numbers, batch in zip(batches, found, strict=True):
        assert same(batch, samples[numbers])


def snippets() -> dict[str, str]:
    """The Python blocks of docs/datasets.md by the framework in their heading."""
    text = (CHECKOUT / "docs" / "datasets.md").read_text()
    parts = re.findall(r"^### (\w[\w.]*)$(.*?)(?=^#)", text, re.MULTILINE | re.DOTALL)
    return {
        name: "\n".join(re.findall(r"```python\n(.*?)```", part, re.DOTALL)) for name, part in parts
    }


@pytest.mark.parametrize("framework", ["NumPy", "PyTorch", "tf.data", "JAX"])
def test_the_snippets_of_the_page_run(framework: str, folder: Path) -> None:
    if framework == "PyTorch" and find_spec("torch") is None:
        pytest.skip("no PyTorch, which only the extra 'frameworks' has")
    code = snippets()[framework] + "print(seen)"
    assert "dataset.open(" in code
    # In a process of its own: threads of frameworks would stay in this one.
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(dataset.open(folder, size=16))


def test_the_snippet_of_the_readme_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    blocks = re.findall(r"```python\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL)
    (code,) = [block for block in blocks if "dataset.open(" in block]
    exec(code.replace("ibm02", "synth-tiny"), {})
    assert capsys.readouterr().out == "(16, 16, 2) (64, 16, 16, 3)\n"
