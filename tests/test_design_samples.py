"""Samples of designs that are given: against the design and its routes, net by net."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from eda_router import dataset
from eda_router.cli import main
from eda_router.dataset.card import card
from eda_router.dataset.config import DatasetConfig, DesignSampleConfig
from eda_router.dataset.design_samples import route_designs, window_jobs, write_windows
from eda_router.dataset.design_windows import WAVE, place
from eda_router.dataset.design_wires import Wired, read_wires
from eda_router.dataset.folders import find_datasets, held_out, wires_path
from eda_router.dataset.shards import Shards, read_kind
from eda_router.dataset.teacher import label_costs
from eda_router.design import HORIZONTAL, VERTICAL, Design, Routes
from eda_router.errors import InputError
from eda_router.formats import ispd98
from eda_router.formats.design_files import DesignFiles, find_designs
from eda_router.jobs import Workers
from eda_router.neural.tensors import free_tracks, pin_tiles
from eda_router.resources import find_design
from eda_router.training.config import TrainConfig
from eda_router.training.data import TrainingData
from tests.pictured import crowded
from tests.refusals import refused
from tests.window_cases import check_tree

SIZES = (8, 16)
CONFIG = DesignSampleConfig(shard_samples=100)


def make(
    folder: Path,
    design: str | Path,
    config: DesignSampleConfig = CONFIG,
    workers: Workers | None = None,
) -> DesignFiles:
    """The data sets of one design."""
    (files,) = find_designs([design])
    list(route_designs(folder, [files], config, workers))
    list(write_windows(window_jobs(folder, files, config, SIZES), workers))
    return files


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data sets of a bundled design, as its nets see the nets before them."""
    folder = tmp_path_factory.mktemp("tiny")
    make(folder, "synth-tiny")
    return folder


def all_samples(folder: Path) -> list[tuple[Shards, int]]:
    return [
        (shards, index)
        for place in sorted(folder.glob("*-*/"))
        for validation in (False, True)
        for shards in [Shards(place, validation=validation)]
        for index in range(len(shards))
    ]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def seen_by(wired: Wired, config: DesignSampleConfig, net: int) -> np.ndarray:
    """Free tracks that a net sees of the final wires, recounted net by net."""
    design, routes = wired.design, wired.routes
    order = place(wired, config, SIZES).order.tolist()
    before = order.index(net) // WAVE * WAVE
    others = order[:before] if config.states == "first" else [n for n in order if n != net]
    free = design.capacity.astype(np.int64).reshape(-1).copy()
    for other in others:
        for edge in routes.net_edges(other).tolist():
            free[edge] -= 1
    return free.reshape(design.capacity.shape)


@pytest.mark.parametrize("states", ["first", "full"])
def test_every_window_is_that_of_its_net(states: str, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, states=states, expected_demand=0.0)
    make(tmp_path, "synth-tiny", config)
    wired = read_wires(wires_path(tmp_path, "synth-tiny"))
    design, width = wired.design, wired.design.width
    nets = set()
    for shards, index in all_samples(tmp_path)[::5]:
        size = shards.kind.size
        windows, facts = shards.read(np.array([index]))
        state, teacher, router = windows[0]
        net, x0, y0 = facts[0].tolist()
        nets.add(net)
        rows, columns = np.nonzero(pin_tiles(state))
        assert ((rows + y0) * width + columns + x0).tolist() == design.net_pins(net).tolist()
        edges = []
        for bit, direction in ((1, HORIZONTAL), (2, VERTICAL)):
            rows, columns = np.nonzero(router & bit)
            edges += (2 * ((rows + y0) * width + columns + x0) + direction).tolist()
        assert sorted(edges) == wired.routes.net_edges(net).tolist()
        check_tree(state, teacher)
        check_tree(state, router)
        free = seen_by(wired, config, net)
        for row in range(size):
            for column in range(size):
                for direction in (HORIZONTAL, VERTICAL):
                    y, x = row + y0, column + x0
                    last = column if direction == HORIZONTAL else row
                    grid = 0 <= y < design.height and 0 <= x < width and last < size - 1
                    expected = min(max(free[y, x, direction], 0), 8) if grid else 0
                    assert free_tracks(state)[row, column, direction] == expected
    assert len(nets) > 60


def test_the_teacher_is_never_dearer_than_the_router(tiny: Path) -> None:
    for shards, index in all_samples(tiny):
        windows, _ = shards.read(np.array([index]))
        states, teacher, router = windows[:, 0], windows[:, 1], windows[:, 2]
        if pin_tiles(states).sum() <= CONFIG.exact_pins:
            assert label_costs(states, teacher) <= label_costs(states, router)


def test_every_net_with_a_wire_has_one_window(tiny: Path) -> None:
    wired = read_wires(wires_path(tiny, "synth-tiny"))
    found = [int(shards.read(np.array([i])).facts[0, 0]) for shards, i in all_samples(tiny)]
    assert len(found) == len(set(found))
    places = place(wired, CONFIG, SIZES)
    assert sorted(found) == sorted(np.flatnonzero(places.exits >= 0).tolist())
    # A grid of 16 tiles a side holds every net in its largest window.
    assert sorted(found) == sorted(wired.design.routable.tolist())


def test_a_net_goes_to_the_smallest_window_that_holds_pins_and_wire() -> None:
    design = Design.from_pins("d", 20, 20, 2, 2, [(f"n{i}", i, [(2, 2), (4, 2)]) for i in range(3)])

    def up_and_over(height: int) -> list[int]:
        rows = range(2, 2 + height)
        up = [2 * (20 * y + x) + VERTICAL for y in rows for x in (2, 4)]
        return up + [2 * (20 * (2 + height) + x) for x in (2, 3)]

    routes = Routes.from_lists([up_and_over(h) for h in (1, 8, 17)])
    places = place(Wired(design, routes), CONFIG, SIZES)
    assert places.exits.tolist() == [0, 1, -1]


def test_two_workers_and_a_second_run_make_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    make(tmp_path, "synth-tiny", workers=Workers(2))
    assert contents(tmp_path) == contents(tiny)
    (tmp_path / "synth-tiny-8" / "shard-0000000-facts.npy").write_bytes(b"rubbish")
    (tmp_path / "synth-tiny-8" / "shard-0000001.npy").unlink()
    (tmp_path / "wires" / "synth-tiny.npz").unlink()
    (files,) = find_designs(["synth-tiny"])
    assert [new for _, new in route_designs(tmp_path, [files], CONFIG)] == [True]
    jobs = window_jobs(tmp_path, files, CONFIG, SIZES)
    made = {(job.kind.size, job.shard): new for job, new in write_windows(jobs)}
    assert {key for key, new in made.items() if new} == {(8, 0), (8, 1)}
    assert contents(tmp_path) == contents(tiny)


def test_the_manifest_says_what_made_the_samples(tiny: Path, tmp_path: Path) -> None:
    kind = read_kind(tiny / "synth-tiny-8")
    (file,) = kind.config["design"]["files"]
    assert file["name"] == "synth-tiny.modified.gz"
    assert len(file["sha256"]) == 64
    assert (kind.config["router"], kind.config["states"]) == ("maze", "first")
    assert kind.license == "mit"
    place = shutil.copytree(tiny, tmp_path / "copy")
    (files,) = find_designs(["synth-tiny"])
    with pytest.raises(InputError, match="another config: states first, expected states full"):
        window_jobs(place, files, dataclasses.replace(CONFIG, states="full"), SIZES)
    again = window_jobs(place, files, CONFIG, SIZES, "cc-by-4.0")
    assert read_kind(place / "synth-tiny-8").license == "cc-by-4.0"
    assert not any(new for _, new in write_windows(again))


def test_nets_are_split_by_share(tiny: Path, tmp_path: Path) -> None:
    counts = [len(dataset.open(tiny, size=8, split=split)) for split in ("train", "validation")]
    assert 0.04 < counts[1] / sum(counts) < 0.2
    make(tmp_path, "synth-tiny", dataclasses.replace(CONFIG, validation_share=1.0))
    assert len(dataset.open(tmp_path, size=8)) == 0
    assert len(dataset.open(tmp_path, size=8, split="validation")) == sum(counts)


def test_a_design_that_cannot_be_routed_gives_the_nets_that_have_wire(tmp_path: Path) -> None:
    design, _ = crowded()
    ispd98.write(design, tmp_path / "crowded.modified")
    make(tmp_path / "out", tmp_path / "crowded.modified")
    wired = read_wires(wires_path(tmp_path / "out", "crowded"))
    routed = int(np.count_nonzero(wired.routes.lengths))
    assert 0 < routed < len(design.routable)
    sets = [
        dataset.open(tmp_path / "out", size=size, split=split)
        for size in SIZES
        for split in ("train", "validation")
    ]
    assert 0.9 * routed < sum(map(len, sets)) <= routed


def test_a_placed_design_gives_windows_of_its_plane(tmp_path: Path) -> None:
    files = make(tmp_path, "synth-chip")
    assert [new for _, new in route_designs(tmp_path, [files], CONFIG)] == [False]
    samples = dataset.open(tmp_path, size=8)
    for index in range(0, len(samples), 20):
        sample = samples[index]
        assert sample["router"][..., 2][sample["pins"]].all()
        assert sample["router"][..., 2].sum() == sample["router"][..., :2].sum() + 1


def test_no_model_is_trained_on_designs(tiny: Path, tmp_path: Path) -> None:
    config = TrainConfig(sizes=(8,))
    assert find_datasets(tiny, 8) == []
    with pytest.raises(InputError, match="designs given are not trained on"):
        TrainingData(tiny, config)[8]
    with pytest.raises(InputError, match="no validation samples"):
        held_out(tiny, 8, 4)
    # Nor under another name.
    shutil.copytree(tiny / "synth-tiny-8", tmp_path / "random-8")
    assert find_datasets(tmp_path, 8) == []


def test_settings_of_made_up_samples_are_what_they_were() -> None:
    assert {source.source for source in DatasetConfig().sources} == {"random", "ledger"}
    assert DatasetConfig(seed=5, states="full").of_designs == DesignSampleConfig(
        seed=5, states="full"
    )


def run(*args: object) -> int:
    return main([str(arg) for arg in args])


def test_the_command_adds_designs_and_made_up_samples_to_one_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    asked = ["dataset", out, "--sizes", "8,16", "--shard-samples", 50]
    assert run(*asked, "--design", "synth-tiny", "--design", "again=synth-tiny") == 0
    told = capsys.readouterr().out
    assert f"{out / 'synth-tiny-8'}: 6 shards, 6 new" in told
    assert not (out / "random-8").exists()
    more = ["--source", "random", "--shards", 1, "--license", "other"]
    assert run(*asked, "--design", "synth-tiny", *more) == 0
    told = capsys.readouterr().out
    assert f"{out / 'synth-tiny-8'}: 6 shards, 0 new" in told
    assert f"{out / 'random-8'}: 2 shards of 50 samples, 2 new" in told
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md", "again-16", "again-8", "random-16", "random-8", "synth-tiny-16",
        "synth-tiny-8", "wires",
    ]  # fmt: skip
    assert dataset.open(out, size=8).names == ("again-8", "random-8", "synth-tiny-8")


def test_the_command_needs_no_quiet_designs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ispd98.write(Design.from_pins("none", 4, 4, 1, 1, []), tmp_path / "none.modified")
    out = tmp_path / "out"
    assert run("dataset", out, "--design", tmp_path / "none.modified", "--sizes", 8) == 0
    assert capsys.readouterr().out == "none: no net with a wire that a window holds\n"
    assert not (out / "README.md").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--design", "d.modified", "--design", "x/d.modified"], "a second design named d"),
        (["--design", "random=d.modified"], "a design named random"),
        (["--design", "a b=d.modified"], "a design named 'a b'"),
        (["--design", "d.modified", "--lef", "d.modified"], "no design takes LEF files"),
        (["--design", "no.modified"], "cannot be read"),
        (["--design", "nosuch"], "or a bundled design"),
        (["--design", "d.modified", "--states", "first"], "README.md: is no data card"),
    ],
)
def test_what_cannot_be_done_is_refused(
    options: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x").mkdir()
    Path("README.md").write_text("# Mine\n")
    for place_ in ("d.modified", "x/d.modified"):
        shutil.copy(find_design("synth-tiny"), place_)
    assert said in refused(["dataset", ".", "--sizes", "8", *options], tmp_path, capsys)


def test_a_design_is_named_as_its_file_or_as_asked(tmp_path: Path) -> None:
    for name in ("a.modified.txt.gz", "b=c.modified", "b.2.modified"):
        shutil.copy(find_design("synth-tiny"), tmp_path / name)
    given = [tmp_path / "a.modified.txt.gz", f"ours={tmp_path / 'b=c.modified'}", "synth-chip"]
    found = find_designs([*given, tmp_path / "b.2.modified"])
    assert [one.name for one in found] == ["a", "ours", "synth-chip", "b.2"]
    assert [len(one.files) for one in found] == [1, 1, 2, 1]
    assert found[1].path == tmp_path / "b=c.modified"
    assert found[2].read().num_nets == 1501


def test_the_card_is_what_hubs_read(tiny: Path) -> None:
    import yaml

    _, head, text = card(tiny).split("---\n", 2)
    values = yaml.safe_load(head)
    assert values["license"] == "mit"
    assert values["task_categories"]
    assert values["size_categories"] == ["n<1K"]
    by_name = {info["config_name"]: info for info in values["dataset_info"]}
    assert sorted(by_name) == ["synth-tiny-16", "synth-tiny-8"]
    info = by_name["synth-tiny-8"]
    splits = {split["name"]: split for split in info["splits"]}
    for split in ("train", "validation"):
        samples = dataset.open(tiny, size=8, split=split)
        assert splits[split]["num_examples"] == len(samples)
        for feature in info["features"]:
            kind = feature["dtype"]
            array = samples[0][feature["name"]]
            told = [kind] if isinstance(kind, str) else [v["dtype"] for v in kind.values()]
            assert array.dtype == told[0]
            if not isinstance(kind, str):
                assert list(kind) == [f"array{array.ndim}_d"]
                assert list(array.shape) == next(iter(kind.values()))["shape"]
    size = sum(path.stat().st_size for path in (tiny / "synth-tiny-8").glob("*.npy"))
    assert info["dataset_size"] == sum(s["num_bytes"] for s in splits.values()) == size
    sums = json.loads((tiny / "wires" / "synth-tiny.json").read_text())["design"]["files"]
    assert sums[0]["sha256"] in text
    design = read_wires(wires_path(tiny, "synth-tiny")).design
    assert f"| synth-tiny | {len(design.routable)} | {len(all_samples(tiny))} |" in text


def test_a_card_without_its_wires_says_so(tiny: Path, tmp_path: Path) -> None:
    place_ = shutil.copytree(tiny, tmp_path / "copy")
    wires_path(place_, "synth-tiny").unlink()
    with pytest.raises(InputError, match=r"synth-tiny\.npz: cannot be read"):
        card(place_)


def test_several_licences_are_all_told(tmp_path: Path) -> None:
    files = make(tmp_path, "synth-tiny")
    other = dataclasses.replace(files, name="theirs", path=Path(shutil.copy(files.path, tmp_path)))
    list(route_designs(tmp_path, [other], CONFIG))
    list(write_windows(window_jobs(tmp_path, other, CONFIG, SIZES)))
    head = card(tmp_path).split("---\n", 2)[1]
    assert "license:\n- mit\n- unknown\n" in head
