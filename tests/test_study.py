"""The study: every variant is a config of the one trainer, and a run is resumed."""

from __future__ import annotations

import csv
import dataclasses

import pytest

from eda_router.cli import main
from eda_router.training.config import TrainConfig
from eda_router.training.variants import VARIANTS

TINY = ["--smoke", "--samples", "64,32", "--pretrain", "0", "--data-samples", "64,32"]
TINY += ["--threads", "1", "--validation", "16", "--seeds", "1"]


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_are_configs_that_differ_from_the_default(name):
    config = dataclasses.replace(TrainConfig(), **VARIANTS[name])
    assert name == "default" or config != TrainConfig()


def test_a_study_reports_and_is_resumed(tmp_path, capsys):
    names = ["default", "paper: Algorithm 1", "exp-GB", "no latent"]
    args = ["study", *TINY, "-o", str(tmp_path / "docs"), "--runs", str(tmp_path / "runs")]
    for name in names:
        args += ["--variant", name]
    assert main(args) == 0
    with open(tmp_path / "docs" / "study.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["variant"], row["size"]) for row in rows] == [
        (name, size) for name in names for size in ("8", "16")
    ]
    assert all(float(row["seconds"]) > 0 for row in rows)
    assert float(rows[-1]["kl"]) == 0.0
    report = (tmp_path / "docs" / "study.md").read_text(encoding="utf-8")
    assert "## Exit 16" in report
    before = capsys.readouterr().out
    assert main(args) == 0
    assert capsys.readouterr().out == before
    with open(tmp_path / "docs" / "study.csv", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == rows


def test_an_unknown_variant_is_refused(capsys):
    assert main(["study", "--variant", "magic"]) == 2
    assert "magic" in capsys.readouterr().err
