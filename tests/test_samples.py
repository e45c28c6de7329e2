"""Samples: what they are like, that a shard depends on nothing but its number, and reading back."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.dataset import ledger_windows
from eda_router.dataset.config import DatasetConfig
from eda_router.dataset.random_windows import random_states
from eda_router.dataset.samples import (
    FORMAT,
    VALIDATION_SHARD,
    Dataset,
    SampleConfig,
    make_samples,
    write_dataset,
    write_shard,
)
from eda_router.dataset.teacher import label, label_costs
from eda_router.errors import InputError
from eda_router.jobs import Workers
from eda_router.neural.tensors import NUM_STATES, encode, free_tracks, pin_tiles
from eda_router.synthesis.designs import SynthConfig
from eda_router.training.config import TrainConfig
from tests.window_cases import check_tree

SMALL = SampleConfig(shard_samples=40, seed=3)

INCOMPLETE = json.dumps({"format": FORMAT})

CHECKSUMS = {
    # source, labels, size, samples, expected demand: first digits of the SHA-256 of shard 0
    ("random", "optimal", 8, 16, 0.4): "ddc96892853c762a",
    ("random", "random_ties", 8, 16, 0.4): "6f51498f11a1b9b7",
    ("random", "maze", 8, 16, 0.4): "4b27f112128a34d0",
    ("random", "optimal", 16, 16, 0.4): "0661505597ca12b5",
    ("random", "random_ties", 16, 16, 0.4): "a40ae6428bce04c7",
    ("random", "maze", 16, 16, 0.4): "1259ccea38c4cc98",
    ("random", "optimal", 32, 16, 0.4): "f7d7f3656e02e9f4",
    ("random", "random_ties", 32, 16, 0.4): "27adb9a903cd6f67",
    ("random", "maze", 32, 16, 0.4): "10b7c6162c38cbe1",
    ("random", "optimal", 64, 16, 0.4): "b938f18d080a3020",
    ("random", "random_ties", 64, 16, 0.4): "a33e4209b778b0f8",
    ("random", "maze", 64, 16, 0.4): "664f10279b58c2a2",
    ("ledger", "optimal", 8, 24, 0.4): "1024d72dde78a87f",
    ("ledger", "random_ties", 8, 24, 0.4): "6409770480bd3b32",
    ("ledger", "maze", 8, 24, 0.4): "20342416dcada993",
    ("ledger", "optimal", 16, 1, 0.4): "8ee06a583ca992d7",
    ("ledger", "optimal", 32, 1, 0.4): "87811b01ea9e23b3",
    ("ledger", "optimal", 64, 1, 0.4): "30322ba30087390a",
    ("ledger", "optimal", 8, 24, 0.2): "edc818fe98c6261b",
}
"""What shards have always been. Another value is another data set: it needs another format."""


@pytest.fixture
def small_designs(monkeypatch):
    """Ledgers of designs that take no time."""

    def design(rng, size):
        return SynthConfig(
            width=18,
            height=17,
            nets=400,
            trivial=0,
            seed=int(rng.integers(0, 2**31)),
            horizontal_use=0.8,
            vertical_use=0.8,
        )

    monkeypatch.setattr(ledger_windows, "_random_design", design)


@pytest.mark.parametrize("size", [4, 8, 16])
def test_random_windows_are_varied_and_made_from_their_seed(size):
    seeds = np.arange(300, dtype=np.uint64)
    states = random_states(seeds, size, 12)
    assert states.max() < NUM_STATES
    assert np.array_equal(random_states(seeds[100:110], size, 12), states[100:110])
    pins = pin_tiles(states)
    counts = pins.sum((1, 2))
    assert counts.min() == 2
    assert counts.max() == min(12, size * size // 4)
    free = free_tracks(states)
    assert len(np.unique(free)) == 9
    if size > 8:
        side = np.maximum(pins.any(1).sum(1), pins.any(2).sum(1))
        spans = [np.ptp(np.nonzero(p), axis=1).max() + 1 for p in pins]
        assert np.mean(np.array(spans) >= size // 2 - 1) > 0.7
        assert side.max() > 4


@pytest.mark.parametrize("source", ["random", "ledger"])
def test_samples_are_labelled_by_the_teacher(source, small_designs):
    config = SampleConfig(source=source, shard_samples=40)
    samples = make_samples(config, 5, 8)
    assert len(samples) == 40
    labels, ok = label(samples.states)
    assert ok.all()
    assert np.array_equal(labels, samples.labels)
    for state, tree in zip(samples.states, samples.labels, strict=True):
        check_tree(state, tree)


@pytest.mark.parametrize("source", ["random", "ledger"])
@pytest.mark.parametrize("labels", ["random_ties", "maze"])
def test_other_teachers_draw_other_trees_in_the_same_states(source, labels, small_designs):
    config = SampleConfig(source=source, labels=labels, shard_samples=60)
    samples = make_samples(config, 5, 8)
    plain = make_samples(SampleConfig(source=source, shard_samples=60), 5, 8)
    assert np.array_equal(samples.states, plain.states)
    assert np.array_equal(make_samples(config, 5, 8).labels, samples.labels)
    for state, tree in zip(samples.states, samples.labels, strict=True):
        check_tree(state, tree)
    costs, best = (label_costs(s.states, s.labels) for s in (samples, plain))
    few = pin_tiles(samples.states).sum(axis=(1, 2)) <= config.exact_pins
    if labels == "random_ties":
        # As cheap, but another one of the cheapest.
        assert np.array_equal(costs[few], best[few])
    else:
        assert np.all(costs[few] >= best[few])
        assert costs[few].sum() > best[few].sum()
    if source == "random":
        # Prices that depend on free tracks leave few ties; crowded ledgers leave hardly any.
        assert 0.02 < np.mean(np.any(samples.labels != plain.labels, axis=(1, 2))) < 1


def test_random_ties_choose_anew_for_each_seed():
    free = np.full((1, 8, 8), 8)
    pins = np.zeros((1, 8, 8), np.bool_)
    pins[0, 1, 1] = pins[0, 6, 5] = True
    state = encode(free, free, pins)
    seeds = np.arange(30, dtype=np.uint64)
    labels, ok = label(np.repeat(state, 30, axis=0), tie_seeds=seeds)
    assert ok.all()
    assert len({tree.tobytes() for tree in labels}) > 10
    assert len(set(label_costs(np.repeat(state, 30, axis=0), labels).tolist())) == 1


@pytest.mark.parametrize("source", ["random", "ledger"])
def test_a_shard_is_a_function_of_config_number_and_size(source, small_designs):
    config = SampleConfig(source=source, shard_samples=24)
    one, again = make_samples(config, 7, 8), make_samples(config, 7, 8)
    assert np.array_equal(one.states, again.states)
    assert np.array_equal(one.labels, again.labels)
    others = [
        make_samples(config, 8, 8),
        make_samples(SampleConfig(source=source, shard_samples=24, seed=2), 7, 8),
    ]
    for other in others:
        assert not np.array_equal(one.states, other.states)


@pytest.mark.parametrize("kind", CHECKSUMS, ids=lambda kind: "-".join(map(str, kind)))
def test_no_shard_ever_changes(tmp_path, kind):
    source, labels, size, samples, expected = kind
    config = SampleConfig(
        source=source, labels=labels, shard_samples=samples, expected_demand=expected
    )
    assert write_shard(tmp_path, config, 0, size)
    note = json.loads((tmp_path / "shard-0000000.json").read_text())
    assert note["sha256"].startswith(CHECKSUMS[kind])


def test_expected_demand_is_one_number():
    routing = RouteConfig().expected_demand
    assert SampleConfig().expected_demand == routing
    assert DatasetConfig().expected_demand == routing
    assert TrainConfig().data_expected_demand == routing
    changed = DatasetConfig(expected_demand=0.7, labels="maze", seed=9)
    assert [(s.expected_demand, s.labels, s.seed) for s in changed.sources] == [
        (0.7, "maze", 9)
    ] * 2


def test_ledger_samples_are_mostly_congested(small_designs):
    states = make_samples(SampleConfig(source="ledger", shard_samples=120), 0, 16).states
    free = free_tracks(states)[:, :-1, :-1]
    assert np.mean((free < 6).mean((1, 2, 3)) > 0.03) > 0.6
    assert len(np.unique(pin_tiles(states).sum((1, 2)))) > 4


def test_shards_are_written_read_and_kept(tmp_path):
    shards = [0, 1, VALIDATION_SHARD]
    assert dict(write_dataset(tmp_path, SMALL, 8, shards)) == dict.fromkeys(shards, True)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    # A damaged and a missing shard are made again, to the byte.
    (tmp_path / "shard-0000000.npy").write_bytes(b"rubbish")
    (tmp_path / "shard-0000001.json").unlink()
    again = dict(write_dataset(tmp_path, SMALL, 8, shards))
    assert again == {0: True, 1: True, VALIDATION_SHARD: False}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

    training, validation = Dataset(tmp_path), Dataset(tmp_path, validation=True)
    assert (len(training), len(validation), training.size) == (80, 40, 8)
    taken = training.take(np.array([50, 3, 79, 3]))
    made = [make_samples(SMALL, shard, 8) for shard in (0, 1)]
    expected = [made[1].states[10], made[0].states[3], made[1].states[39], made[0].states[3]]
    assert np.array_equal(taken.states, expected)
    assert np.array_equal(taken.labels[0], made[1].labels[10])


def test_two_processes_make_the_same_bytes(tmp_path):
    for processes in (1, 2):
        place = tmp_path / str(processes)
        assert len(list(write_dataset(place, SMALL, 8, range(2), Workers(processes)))) == 2
    for path in (tmp_path / "1").iterdir():
        assert path.read_bytes() == (tmp_path / "2" / path.name).read_bytes()


def test_a_folder_holds_one_config(tmp_path):
    list(write_dataset(tmp_path, SMALL, 8, range(1)))
    with pytest.raises(InputError, match="another config"):
        list(write_dataset(tmp_path, SampleConfig(seed=4, shard_samples=40), 8, range(1)))


def as_format_1(folder):
    """Rewrite a data set as its first writers did."""
    for path in folder.glob("*.json"):
        facts = json.loads(path.read_text())
        facts["format"] = "edaroute-samples-1"
        for name in ("labels", "expected_demand"):
            del facts["config"][name]
        path.write_text(json.dumps(facts, indent=1) + "\n")


def test_a_data_set_of_format_1_is_read_and_gone_on_with(tmp_path):
    config = dataclasses.replace(SMALL, expected_demand=0.4)
    list(write_dataset(tmp_path, config, 8, range(1)))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    as_format_1(tmp_path)
    assert Dataset(tmp_path).config == dataclasses.asdict(config)
    assert dict(write_dataset(tmp_path, config, 8, range(2))) == {0: False, 1: True}
    assert (tmp_path / "manifest.json").read_bytes() == before["manifest.json"]
    assert len(Dataset(tmp_path)) == 80


def test_a_data_set_of_format_1_does_not_go_on_as_another(tmp_path):
    list(write_dataset(tmp_path, SMALL, 8, range(1)))
    as_format_1(tmp_path)
    with pytest.raises(InputError) as caught:
        list(write_dataset(tmp_path, SMALL, 8, range(2)))
    assert str(caught.value).endswith(
        "made with another config: expected_demand 0.4, expected expected_demand 0.2"
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "not JSON"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "not a JSON object"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "format None"),
        (lambda folder: (folder / "manifest.json").write_bytes(b"\xff"), "not JSON"),
        (lambda folder: (folder / "manifest.json").write_text(INCOMPLETE), "not complete"),
        (lambda folder: (folder / "manifest.json").write_text('{"config": 1}'), "not a JSON"),
        (lambda folder: (folder / "shard-0000000.npy").unlink(), "cannot be read"),
        (lambda folder: (folder / "shard-0000000.npy").write_bytes(b"no"), "damaged"),
        (lambda folder: (folder / "shard-0000000.json").write_text("{}"), "no shard"),
        (lambda folder: replace_shard(folder, np.zeros((3, 2, 4, 4), np.uint8)), "uint8"),
        (lambda folder: replace_shard(folder, np.full((3, 2, 8, 8), 255, np.uint8)), "range"),
    ],
)
def test_a_damaged_data_set_is_refused(tmp_path, damage, message):
    list(write_dataset(tmp_path, SMALL, 8, range(1)))
    damage(tmp_path)
    with pytest.raises(InputError, match=message):
        Dataset(tmp_path)


def replace_shard(folder, array):
    """Put another array into the first shard, checksum and all."""
    import hashlib

    path = folder / "shard-0000000.npy"
    np.save(path, array)
    note = json.loads(path.with_suffix(".json").read_text())
    note["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(note))


def test_an_empty_folder_of_shards(tmp_path):
    list(write_dataset(tmp_path, SMALL, 8, range(1)))
    assert len(Dataset(tmp_path, validation=True)) == 0
    shutil.rmtree(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        Dataset(tmp_path)


def test_the_command_makes_and_keeps_data_sets(tmp_path):
    from click.testing import CliRunner

    from eda_router.cli.dataset import command

    arguments = [str(tmp_path), "--sizes", "8", "--shards", "1", "--shard-samples", "20"]
    arguments += ["--source", "random"]
    for made in (2, 0):
        result = CliRunner().invoke(command, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        assert f"2 shards of 20 samples, {made} new" in result.output
    assert len(Dataset(tmp_path / "random-8")) == 20
    with pytest.raises(InputError, match="powers of two"):
        CliRunner().invoke(command, [str(tmp_path), "--sizes", "12"], catch_exceptions=False)
