"""The study: budgets, figures, one report, resumed variant by variant."""

from __future__ import annotations

import csv
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from eda_router.cli import main
from eda_router.config import load_config
from eda_router.design import Design
from eda_router.errors import InputError
from eda_router.study.curves import Curves, reach
from eda_router.study.kept import joined, read_figures, write_figures
from eda_router.study.measure import Row, at_ink
from eda_router.study.publish import with_goals
from eda_router.study.report import (
    _inner_section,
    by_seed,
    comparisons,
    curves_name,
    difference,
    gallery_name,
    overview_name,
    shown_sizes,
)
from eda_router.study.run import design_id
from eda_router.study.trainings import Study, configure, trained_exits
from eda_router.study.variants import DEFAULT, GROUPS, ROWS, VARIANTS
from eda_router.training.config import TrainConfig

CHECKOUT = Path(__file__).parent.parent

TRAINED = [name for name, variant in VARIANTS.items() if variant.of is None]


def tiles(config):
    """Tiles of all windows that a training sees."""
    stages = [len(config.sizes) - 1] if config.direct else range(len(config.sizes))
    seen = sum(
        int(config.stage("pretrain", i) + config.stage("samples", i)) * config.sizes[i] ** 2
        for i in stages
    )
    return seen + config.joint * config.sizes[-1] ** 2


@pytest.mark.parametrize("group", GROUPS)
def test_all_of_a_group_spend_the_same(group):
    base = TrainConfig(pretrain=(1024, 512, 128, 64))
    configs = {n: configure(base, n) for n in TRAINED if VARIANTS[n].group == group}
    spent = {
        name: tiles(config)
        for name, config in configs.items()
        if config.sizes == GROUPS[group].settings["sizes"]
    }
    assert len(set(spent.values())) == 1, spent


def test_a_smaller_window_spends_what_growth_spends_up_to_there():
    base = TrainConfig(pretrain=(1024, 512, 128, 64))
    grown = configure(base, "default, full")
    upto = replace(grown, sizes=grown.sizes[:3])
    assert tiles(configure(base, "from scratch at 32")) == tiles(upto)


@pytest.mark.parametrize("name", TRAINED)
def test_variants_differ_from_their_groups_default(name):
    base = TrainConfig()
    variant = VARIANTS[name]
    default = next(n for n, v in VARIANTS.items() if v.row == DEFAULT and v.group == variant.group)
    config = configure(base, name)
    assert (config == configure(base, default)) == (name == default)
    assert trained_exits(config)[-1] == config.sizes[-1]


def test_variants_that_look_at_another_training_are_of_its_group():
    borrowed = [variant for variant in VARIANTS.values() if variant.of]
    assert borrowed
    for variant in borrowed:
        assert VARIANTS[variant.of].group == variant.group
        assert variant.views > 1
        assert not variant.changes


def test_a_budget_may_be_scaled():
    base = TrainConfig(pretrain=(100,))
    once, half = (configure(base, "joint fine-tuning", 2, times) for times in (1.0, 0.5))
    assert half.samples == tuple(count // 2 for count in once.samples)
    assert (half.joint, half.pretrain, half.seed) == (once.joint // 2, (50,), 2)


def test_shares_at_an_ink():
    swept = [
        {"ink": 2.0, "connected": 0.9},
        {"ink": 1.5, "connected": 0.7},
        {"ink": 1.1, "connected": 0.4},
        {"ink": math.nan, "connected": 0.0},
    ]
    assert at_ink(swept, 1.5) == pytest.approx(0.7)
    assert at_ink(swept, 1.75) == pytest.approx(0.8)
    assert at_ink(swept, 3.0) == pytest.approx(0.9)
    assert at_ink(swept, 1.0) == 0.0
    assert at_ink(swept[3:], 1.5) == 0.0


def test_where_a_curve_reaches_a_goal():
    curve = [{"tiles": t, "connected": c} for t, c in ((1.0, 0.2), (2.0, 0.6), (3.0, 0.6))]
    assert reach(curve, 0.4, "tiles") == pytest.approx(1.5)
    assert reach(curve, 0.1, "tiles") == 1.0
    assert math.isnan(reach(curve, 0.7, "tiles"))


def rows_of(variant, shares, size=8):
    blank = dict.fromkeys(Row.__dataclass_fields__, 0)
    return [
        Row(**{**blank, "variant": variant, "seed": seed, "size": size, "even": share})
        for seed, share in enumerate(shares)
    ]


def test_a_difference_is_clear_only_beyond_the_spread():
    default = rows_of("default", [0.50, 0.60, 0.70])
    steady = difference(default + rows_of("exp-GB", [0.55, 0.66, 0.75]), "exp-GB", "default")
    assert steady is not None
    assert steady[0] == pytest.approx(0.16 / 3)
    assert steady[2]
    wild = difference(default + rows_of("exp-GB", [0.8, 0.5, 0.7]), "exp-GB", "default")
    assert wild is not None
    assert not wild[2]
    assert difference(default + rows_of("exp-GB", [0.8]), "exp-GB", "default") is None


def on(processor, rows, **changes):
    return [replace(row, processor=processor, **changes) for row in rows]


def test_differences_are_taken_on_one_processor_and_a_seed_counts_once():
    here, there = [0.50, 0.60, 0.70], [0.10, 0.20, 0.30]
    rows = on("a", rows_of("default", here)) + on("b", rows_of("default", there))
    more = [share + 0.1 for share in here]
    rows += on("a", rows_of("exp-GB", more))
    found = difference(rows, "exp-GB", "default")
    assert found is not None
    assert found[:2] == (pytest.approx(0.1), pytest.approx(0.0, abs=1e-9))
    assert difference(on("c", rows_of("focal", more)) + rows, "focal", "default") is None
    assert by_seed(rows[:6], "even") == pytest.approx([0.3, 0.4, 0.5])
    unknown = [replace(rows[0], even=math.nan), *rows[1:6]]
    assert by_seed(unknown, "even") == pytest.approx([0.1, 0.4, 0.5])
    rows += on("b", rows_of("exp-GB", [share + 0.3 for share in there]))
    found = difference(rows, "exp-GB", "default")
    assert found is not None
    assert found[0] == pytest.approx(0.2)


def test_what_is_measured_anew_takes_the_place_of_the_same_alone():
    kept = on("a", rows_of("focal", [0.1, 0.2]) + rows_of("default", [0.3]))
    kept += on("a", rows_of("paper", [0.4]), remark="no longer")
    kept += on("a", rows_of("exp-GB", [0.5]), remark="no longer")
    made = on("a", rows_of("focal", [0.9])) + on("b", rows_of("default", [0.8]))
    made += on("b", rows_of("paper", [0.7], 16))
    found = joined(kept, made, ["size"])
    assert [(row.variant, row.seed, row.size, row.even) for row in found] == [
        ("default", 0, 8, 0.3),
        ("default", 0, 8, 0.8),
        ("focal", 0, 8, 0.9),
        ("focal", 1, 8, 0.2),
        ("exp-GB", 0, 8, 0.5),
        ("paper", 0, 16, 0.7),
    ]
    assert joined(found, [], ["size"]) == found


def test_tables_are_read_as_they_were_written(tmp_path):
    rows = on("a, b", rows_of("focal", [0.1, 0.25]), remark="an 'old', one", group="8x8")
    rows = [replace(row, goal_tiles=0.5, blank_same=math.nan) for row in rows]
    path = tmp_path / "study.csv"
    assert read_figures(path, Row) == []
    write_figures(path, Row, rows)
    again = read_figures(path, Row)
    # A figure that is not there is no number, and no number equals itself.
    one, other = ([replace(row, blank_same=1.0) for row in table] for table in (rows, again))
    assert one == other
    assert math.isnan(again[0].blank_same)
    text = path.read_text()
    path.write_text(text.replace("focal,8x8,1", "focal,8x8,one"))
    with pytest.raises(InputError, match=r"study\.csv:3: no figures of a variant"):
        read_figures(path, Row)
    path.write_text("variant,speed\nfocal,1\n")
    with pytest.raises(InputError, match=r"study\.csv:2: .*speed"):
        read_figures(path, Row)


def test_goals_are_those_of_the_default_of_the_same_run():
    rows = rows_of("default", [0.5]) + rows_of("focal", [0.5])
    rows = [replace(row, group=VARIANTS["default"].group) for row in rows]

    def curve(name, last):
        points = [(1.0, 0.0), (2.0, last)]
        return Curves(
            name, 8, [[{"tiles": t, "seconds": 9 * t, "connected": c} for t, c in points]]
        )

    found = with_goals(rows, [curve("default", 0.5), curve("focal", 0.8)])
    # 0.8 of 0.5 is half of 0.8, and four fifths of 0.5.
    assert [row.goal_tiles for row in found] == pytest.approx([1.8, 1.5])
    assert [row.goal_seconds for row in found] == pytest.approx([16.2, 13.5])
    (alone,) = with_goals(rows[1:], [curve("focal", 0.8)])
    assert alone == rows[1]


def test_what_is_shown_of_a_group():
    rows = rows_of("default, full", [0.1], 32) + rows_of("default, full", [0.1], 64)
    rows += rows_of("from scratch at 32", [0.1], 32)
    assert shown_sizes(rows) == [64, 32]
    names = ["default", "exp-GB", "pow3-GB", "paper's loss", "paper's loss, no beta"]
    assert list(comparisons(names).values()) == [
        ["default", "exp-GB", "pow3-GB"],
        ["default", "paper's loss"],
        ["default", "paper's loss", "paper's loss, no beta"],
    ]
    assert list(comparisons(names[3:]).values()) == [names[3:4], names[3:]]


def test_a_study_reports_and_is_resumed(tmp_path, capsys):
    folder, runs = tmp_path / "docs", tmp_path / "runs"
    args = ["study", "--smoke", "--threads", "1", "--bench", "synth-tiny"]
    args += ["-o", str(folder), "--runs", str(runs)]
    folder.mkdir()
    (folder / "conclusions.md").write_text("What it says.\n")
    assert main(args) == 0
    with open(folder / "study.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["variant"], row["size"]) for row in rows] == [
        ("default", "8"),
        ("eight views", "8"),
        ("paper", "8"),
        ("paper", "16"),
        ("from scratch at 32", "32"),
    ]
    assert all(float(row["seconds"]) > 0 for row in rows)
    assert rows[0]["seconds"] == rows[1]["seconds"]
    with open(folder / "routed.csv", encoding="utf-8") as file:
        routed = list(csv.DictReader(file))
    assert {(row["variant"], row["windows"]) for row in routed} == {
        ("from scratch at 32", "32"),
        ("blank control", "64"),
        ("blank control", "pyramid"),
    }
    assert all(0 <= float(row["share"]) <= 1.001 for row in routed)
    report = (folder / "README.md").read_text(encoding="utf-8")
    assert report.startswith("# The study\n\nWhat it says.\n")
    for line in report.splitlines():
        if line.startswith("!["):
            assert (folder / line.rpartition("(")[2].rstrip(")")).stat().st_size > 0
    missing = report.partition("## Not measured")[2]
    assert re.search(r"8x8: squared error; focal; .*\.\n", missing)
    assert "eight views;" not in missing
    before = capsys.readouterr().out.splitlines()
    assert {path.name for path in tmp_path.iterdir()} == {"docs", "runs"}
    (model,) = runs.glob("from-scratch-at-32/seed1-*/model.keras")
    trained = model.stat().st_mtime_ns
    assert main([*args, "--variant", "from scratch at 32"]) == 0
    assert capsys.readouterr().out.splitlines() == before[-2:]
    with open(folder / "study.csv", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == rows
    assert model.stat().st_mtime_ns == trained
    (figures,) = model.parent.glob("rows.json")
    figures.write_text("")
    capsys.readouterr()
    assert main([*args, "--variant", "from scratch at 32"]) == 2
    assert capsys.readouterr().err.startswith(f"{figures}: damaged")
    made = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    shutil.rmtree(runs)
    assert main([*args, "--rewrite"]) == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == made
    assert not runs.exists()


def test_results_are_kept_by_all_their_settings(tmp_path):
    base = TrainConfig(sizes=(8,))
    place = tmp_path / "data" / "random-8"
    place.mkdir(parents=True)
    (place / "shard-0000000.json").write_text("{}")
    study = Study(base, tmp_path / "data", tmp_path / "runs")
    found = {
        study.folder("default", 1),
        study.folder("default", 2),
        study.folder("eight views", 1),
        replace(study, times=0.5).folder("default", 1),
        replace(study, base=replace(base, dense=7)).folder("default", 1),
    }
    assert len(found) == 5
    assert study.trained_folder("eight views", 1) == study.folder("default", 1)
    assert study.folder("default", 1) in found
    (place / "shard-0000000.json").write_text('{"sha256": "another"}')
    assert study.folder("default", 1) not in found


def test_a_new_setting_at_its_default_leaves_what_was_measured_where_it_is():
    """Digests of before the settings that came later: rows kept under them are found again."""
    base = load_config(TrainConfig, CHECKOUT / "scripts" / "study.yaml")
    study = Study(base, Path("no-samples"), Path("runs"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eda_router.study.trainings.__version__", "0.1.0")
        found = {name: study.folder(name, 1).name for name in ("default", "paper", "GAN")}
    assert found == {
        "default": "seed1-ba81e9299d",
        "paper": "seed1-629ce6ee39",
        "GAN": "seed1-1c11698bb0",
    }


def test_designs_of_one_name_are_told_apart():
    one = Design.from_pins("d", 2, 1, 1, 1, [("a", 0, [(0, 0), (1, 0)])])
    other = Design.from_pins("d", 2, 1, 2, 2, [("a", 0, [(0, 0), (1, 0)])])
    assert design_id(one) == design_id(replace(one))
    assert design_id(one) != design_id(other)
    assert design_id(one).startswith("d-")


def test_what_the_report_needs_is_found_out_before_the_trainings(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    args = ["study", "--smoke", "--runs", str(tmp_path / "runs")]
    assert main([*args, "-o", str(tmp_path / "file" / "docs")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert main([*args, "--bench", "no-such-design", "-o", str(tmp_path / "docs")]) == 2
    monkeypatch.setattr("eda_router.study.publish.find_spec", lambda name: None)
    assert main([*args, "-o", str(tmp_path / "docs")]) == 2
    assert "edaroute[viz]" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_every_row_has_a_short_name_and_every_picture_a_place_of_its_own():
    rows = {variant.row for variant in VARIANTS.values()} - {DEFAULT}
    assert rows == set(ROWS)
    assert len(set(ROWS.values())) == len(ROWS)
    assert all(name.replace("-", "").isalpha() for name in ROWS.values())
    sizes = [
        size
        for group in GROUPS
        for size in {
            configure(TrainConfig(), VARIANTS[name].of or name).sizes[-1]
            for name in VARIANTS
            if VARIANTS[name].group == group
        }
    ]
    assert len(sizes) == len(set(sizes))
    names = [f(size) for size in sizes for f in (overview_name, gallery_name)]
    names += [curves_name(size, row) for size in sizes for row in rows]
    assert len(set(names)) == len(names)


def test_the_written_report_shows_the_pictures_beside_it():
    folder = CHECKOUT / "docs" / "study"
    text = (folder / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"!\[[^]]*\]\(([^)]*)\)", text))
    assert shown == {f"pictures/{path.name}" for path in (folder / "pictures").iterdir()}


def test_an_unknown_variant_is_refused(capsys):
    assert main(["study", "--variant", "magic"]) == 2
    assert "magic" in capsys.readouterr().err


def test_the_variants_are_listed(capsys):
    assert main(["study", "--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(VARIANTS)


def test_the_studys_base_does_not_follow_the_defaults():
    """The tables were made with rings without a latent; trainings by default have one."""
    base = load_config(TrainConfig, CHECKOUT / "scripts" / "study.yaml")
    assert (base.ring_latent, base.posterior, base.waypoints) == ((0,), (0.5, 0.1), (0.0,))
    assert (base.patience, base.data_expected_demand) == (0, 0.4)


def test_inner_exits_are_compared_too():
    rows = rows_of("default, grown", [0.75, 0.76, 0.74]) + rows_of("not locked", [0.60, 0.62, 0.59])
    rows += rows_of("default, grown", [0.6], 16)
    table = [line for line in _inner_section(rows) if line.startswith("| 8 |")]
    assert len(table) == 2
    assert "**-0.147**" in table[1]
    assert _inner_section(rows[-1:]) == []
