"""The comparison with mlx-lm: both sides serve the same, on the tiny model."""

import argparse
import io

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx_lm.models.cache import make_prompt_cache
from rich.console import Console

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.commands import bench
from tiny_batch_kit.model.attention import PaddedCache
from tiny_batch_kit.model.checkpoints import load_checkpoint, smollm2_file
from tiny_batch_kit.model.gguf import load_gguf
from tiny_batch_kit.serving.trace import from_jobs
from tiny_batch_kit.serving.yardsticks import WORKLOADS
from tiny_batch_kit.shows.versus import compare as module
from tiny_batch_kit.shows.versus.sides import PLAIN, SIDES, THEIRS, Outcome, as_mlx_lm

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture(scope="module")
def checkpoint():
    return load_checkpoint("tiny-random")


def test_the_workloads_are_those_that_were_announced():
    uniform, chat, late, wide = (each.jobs() for each in WORKLOADS.values())
    assert {(job.arrival, job.prompt_tokens, job.output_tokens) for job in uniform} == {(0.0, 64, 32)}
    assert len(uniform) == 16
    assert (len(wide), {job.prompt_tokens for job in wide}) == (64, {64})
    assert [each.rows for each in WORKLOADS.values()] == [16, 16, 16, 64]
    assert len(chat) == 32
    assert sum(job.prompt_tokens >= 384 for job in chat) == 5
    assert all(24 <= job.prompt_tokens <= 96 or 384 <= job.prompt_tokens <= 640 for job in chat)
    assert [(job.arrival, job.prompt_tokens) for job in late] == [(0.0, 32)] * 6 + [(3.0, 1024)] + [(3.0, 16)] * 3


@pytest.mark.parametrize("unpack", [True, False], ids=["plain", "packed"])
def test_mlx_lm_gets_the_same_weights(unpack):
    model, _ = load_gguf(smollm2_file(), dtype=mx.float32, unpack=unpack)
    tokens = mx.array([[5, 6, 7, 8, 9]])
    theirs = as_mlx_lm(model)
    assert isinstance(theirs.model.layers[0].mlp.down_proj, nn.Linear if unpack else nn.QuantizedLinear)
    expected = theirs(tokens, cache=make_prompt_cache(theirs))
    columns = mx.arange(5)
    attend = PaddedCache(model.config.num_layers).attend(columns[None] <= columns[:, None])
    got = model.logits(model(tokens, columns[None], attend))
    assert np.abs(np.array(got - expected)).max() < 1e-3


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_side_makes_every_token(checkpoint, side, workload):
    asked = from_jobs(checkpoint, WORKLOADS[workload].jobs())
    outcome = SIDES[side].serve(checkpoint, asked, WORKLOADS[workload].rows)
    assert outcome.tokens == sum(one.limit for one in asked)
    assert len(outcome.ttft) == len(outcome.gaps) == len(asked)
    assert min(outcome.ttft) > 0
    assert outcome.seconds > max(outcome.ttft[:6])


def test_sides_take_turns_and_medians_are_compared(monkeypatch):
    order = []

    def fake(side, workload, model, impl):
        order.append(side)
        return Outcome(2.0 if side == "engine" else 4.0, 100, [0.5, 0.7], [0.1, 0.2])

    monkeypatch.setattr(module, "_run", fake)
    found = module.compare("engine", ["uniform"], 2, "tiny-random", "ref", lambda message, part: None)
    assert order == ["engine", PLAIN, *THEIRS, *reversed(THEIRS), PLAIN, "engine"]
    assert [side.tokens_per_second for side in found["uniform"]] == [50, 25, 25, 25]
    assert found["uniform"][0].worst_gap == 0.2


def test_the_command_runs_fresh_processes_and_prints_a_table(tmp_path, monkeypatch):
    out = Console(file=io.StringIO(), width=120)
    monkeypatch.setattr("tiny_batch_kit.base.console.console", lambda: out)
    monkeypatch.setattr("tiny_batch_kit.base.paths.OUT", tmp_path)
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    options = ["engine", "--against", "mlx-lm", "--ref", "--quick", "--rounds", "1", "--model", "tiny-random"]
    assert bench.run(parser.parse_args(options)) == 0
    assert out.file.getvalue().count("uniform") >= 6  # a row for each side, and again beside the book's machines
    assert "book 1" in out.file.getvalue()
    assert (tmp_path / "versus-engine.json").exists()
    with pytest.raises(KitError, match="--rounds"):
        bench.run(parser.parse_args(["batcher", "--rounds", "0"]))
    with pytest.raises(KitError, match="Name a day"):
        bench.run(parser.parse_args([]))
