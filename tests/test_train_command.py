"""``edaroute train`` and ``edaroute evaluate`` from end to end, on a tiny model."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eda_router.cli import main
from eda_router.config import RouteConfig, load_config
from eda_router.neural.engines import load_engine
from eda_router.neural.model_folder import exit_file, load_model
from eda_router.training.config import TrainConfig

TINY = ["--smoke", "--sizes", "8,16", "--samples", "512,128", "--data-samples", "256,64"]
TINY += ["--threads", "1", "-q"]

CHECKOUT = Path(__file__).parent.parent

# A process of its own: what a signal ends is then no worker of the tests.
STOPPED = """
import signal, sys
from eda_router.cli import main
from eda_router.training.trainer import Trainer
from tests.trainings import Stopping

signal.signal(signal.SIGINT, signal.default_int_handler)
Trainer._batch, Trainer.batches = Stopping._batch, 1
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("train") / "model"
    assert main(["train", *TINY, "-o", str(path)]) == 0
    return path


def test_training_leaves_a_folder_that_routes(folder, tmp_path, capsys):
    engine = load_engine(folder)
    assert engine.exits == (8, 16)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert set(metrics["exits"]) == {"8", "16"}
    assert metrics["exits"]["8"]["latent"]["kl"] >= 0
    assert metrics["exits"]["8"]["threshold"] == engine.thresholds[8]
    args = ["synth-tiny", "--router", "neural", "--model", str(folder), "-q"]
    assert main(["route", *args, "-o", str(tmp_path / "x.route")]) in (0, 1)
    assert main(["verify", "synth-tiny", str(tmp_path / "x.route")]) in (0, 1)


def test_eight_bits_are_for_what_routing_draws_by_default(folder):
    pytest.importorskip("nncf")
    whole = [size for size in (8, 16) if (folder / exit_file(size, "int8")).exists()]
    assert whole == [8] == [size for size in (8, 16) if size <= RouteConfig.largest_window]


def test_ctrl_c_says_how_to_go_on(tmp_path):
    command = [sys.executable, "-c", STOPPED, "train", *TINY, "--sizes", "8", "-o", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, check=False)
    assert run.returncode == 130
    assert f"{tmp_path} holds all so far; the same command with --resume" in run.stderr
    run = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, check=False)
    assert run.returncode == 2
    assert "--resume, or another folder" in run.stderr


def test_resuming_with_more_samples_goes_on_with_the_last_stage(folder):
    before = load_model(folder)
    args = [*TINY, "--samples", "512,256", "--resume", "-o", str(folder)]
    assert main(["train", *args]) == 0
    after = load_model(folder)
    for one, other in zip(before.core.weights, after.core.weights, strict=True):
        assert np.array_equal(one, other)
    pairs = zip(before.rings[0].weights, after.rings[0].weights, strict=True)
    assert any(not np.array_equal(one, other) for one, other in pairs)
    log = [json.loads(line) for line in (folder / "log.jsonl").open()]
    assert max(r["seen"] for r in log if r["size"] == 16) >= 256
    assert [r["stage"] for r in log] == sorted(r["stage"] for r in log)


def test_starting_from_a_model_improves_one_stage(folder, tmp_path):
    more = tmp_path / "more"
    args = [*TINY, "--samples", "0,64", "--start", str(folder), "--data", str(folder / "data")]
    assert main(["train", *args, "-o", str(more)]) == 0
    assert load_engine(more).exits == (8, 16)
    assert load_engine(more).thresholds[8] == load_engine(folder).thresholds[8]
    assert set(json.loads((more / "metrics.json").read_text())["exits"]) == {"16"}
    before, after = load_model(folder), load_model(more)
    for one, other in zip(before.core.weights, after.core.weights, strict=True):
        assert np.array_equal(one, other)


def test_evaluate_beside_controls(folder, tmp_path, capsys):
    report = tmp_path / "report.json"
    args = ["evaluate", str(folder), "--bench", "synth-tiny", "--count", "64"]
    assert main([*args, "--json", str(report)]) == 0
    assert "| exit | samples | threshold |" in capsys.readouterr().out
    row = json.loads(report.read_text())["8"]
    assert row["samples"] == 64
    assert row["blank"]["connected"] == 1.0
    assert row["blind_cost"] >= 1.0
    assert sum(kind["share"] for kind in row["kinds"].values()) == pytest.approx(1.0)
    data = str(folder / "data")
    assert main(["evaluate", str(folder), "--data", data, "--count", "32", "-q"]) == 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["train", "--sizes", "8,32"], "without gaps"),
        (["train", "--resolution-schedule", "8;16"], "no list"),
        (["train", "--loss", "worst"], "worst"),
        (["evaluate", "nowhere", "--bench", "synth-tiny"], "exits.json: cannot be read"),
        (["evaluate"], "--data or --bench"),
    ],
)
def test_faults_are_one_line(args, message, capsys, tmp_path):
    if args[0] == "train":
        args = [*args, "-o", str(tmp_path / "model")]
    assert main(args) == 2
    assert message in capsys.readouterr().err


def test_by_default_a_training_is_the_one_of_the_shipped_model():
    config = load_config(TrainConfig, CHECKOUT / "models" / "config.yaml")
    assert dataclasses.replace(config, seed=TrainConfig.seed) == TrainConfig()
    assert config.sizes == (8, 16, 32, 64)
