"""The sides of the comparison: each serves a workload in this process and says how it went. EOS ends no answer."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import mlx.core as mx

from tiny_batch_kit.machine.clocks import ServiceClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.tuned import tuned
from tiny_batch_kit.serving.engine import serve_engine
from tiny_batch_kit.serving.run import Run
from tiny_batch_kit.serving.trace import Asked, take_due
from tiny_batch_kit.serving.ways import chunked

CHUNK = 64
"""Tokens of a chunk: with more, gaps are longer; with fewer, prompts are read later. See Day 8's experiment."""


@dataclass(frozen=True)
class Outcome:
    """One run: seconds of service, tokens made, and each request's time to first token and worst gap.

    computed: how many tokens went through the model, where that was counted.
    """

    seconds: float
    tokens: int
    ttft: list[float]
    gaps: list[float]
    computed: int = 0


def batcher(checkpoint: Checkpoint, asked: Sequence[Asked], rows: int) -> Outcome:
    """The batcher of Day 8."""
    run = Run("tiny-batch", checkpoint, asked, rows, None)
    chunked(run, CHUNK)
    return _outcome(run)


def engine(checkpoint: Checkpoint, asked: Sequence[Asked], rows: int) -> Outcome:
    """The engine of Day 9."""
    run = Run("tiny-batch", checkpoint, asked, rows, None)
    serve_engine(run)
    return _outcome(run)


def _outcome(run: Run) -> Outcome:
    served = run.served()
    return Outcome(run.clock.now(), sum(map(len, served.tokens)), served.ttft, served.gaps)


def mlx_lm(checkpoint: Checkpoint, asked: Sequence[Asked], rows: int, **options: Any) -> Outcome:
    """mlx-lm's BatchGenerator, with its defaults but for the number of rows and `options`."""
    from mlx_lm.generate import BatchGenerator

    generator = BatchGenerator(as_mlx_lm(checkpoint.model), completion_batch_size=rows, **options)
    clock, arrivals = ServiceClock(), deque(asked)
    owner: dict[int, Asked] = {}
    times: dict[str, list[float]] = {one.id: [] for one in asked}
    running = 0
    while arrivals or running:
        for one in take_due(arrivals, clock, idle=not running):
            owner[generator.insert([one.ids], max_tokens=[one.limit])[0]] = one
            running += 1
        with clock.working():
            responses = generator.next()[1]  # type: ignore[no-untyped-call]
        for response in responses:
            times[owner[response.uid].id].append(clock.now())
            running -= response.finish_reason is not None
    generator.close()  # type: ignore[no-untyped-call]
    return Outcome(
        clock.now(),
        sum(map(len, times.values())),
        [times[one.id][0] - one.arrival for one in asked],
        [max((after - before for before, after in pairwise(times[one.id])), default=0.0) for one in asked],
    )


def as_mlx_lm(model: Qwen2) -> Any:
    """mlx-lm's own Qwen2 with the weights of this one, in float32."""
    from mlx.utils import tree_unflatten
    from mlx_lm.models import qwen2

    c = model.config
    theirs = qwen2.Model(
        qwen2.ModelArgs(
            model_type="qwen2",
            hidden_size=c.width,
            num_hidden_layers=c.num_layers,
            intermediate_size=c.ffn_width,
            num_attention_heads=c.num_heads,
            num_key_value_heads=c.num_kv_heads,
            rms_norm_eps=c.norm_eps,
            vocab_size=c.vocab_size,
            rope_theta=c.rope_theta,
            tie_word_embeddings=c.tied,
        )
    )
    theirs.update(tree_unflatten(list(_tensors(model).items())))
    mx.eval(theirs.parameters())
    return theirs


def _tensors(model: Qwen2) -> dict[str, mx.array]:
    """The weights by mlx-lm's names."""
    c = model.config
    tensors = {"model.embed_tokens.weight": model.embedding.weight.data, "model.norm.weight": model.norm}
    if model.head is not None:
        tensors["lm_head.weight"] = model.head.weight.data
    borders = [c.num_heads * c.head_dim, (c.num_heads + c.num_kv_heads) * c.head_dim]
    for number, layer in enumerate(model.layers):
        at = f"model.layers.{number}"
        biases = layer.qkv.bias if layer.qkv.bias is not None else mx.zeros(layer.qkv.weight.shape[0])
        qkv = zip("qkv", mx.split(layer.qkv.weight.data, borders), mx.split(biases, borders), strict=True)
        for name, weight, bias in qkv:
            tensors |= {f"{at}.self_attn.{name}_proj.weight": weight, f"{at}.self_attn.{name}_proj.bias": bias}
        gate, up = mx.split(layer.gate_up.weight.data, 2)
        tensors |= {
            f"{at}.self_attn.o_proj.weight": layer.output.weight.data,
            f"{at}.mlp.gate_proj.weight": gate,
            f"{at}.mlp.up_proj.weight": up,
            f"{at}.mlp.down_proj.weight": layer.down.weight.data,
            f"{at}.input_layernorm.weight": layer.attention_norm,
            f"{at}.post_attention_layernorm.weight": layer.ffn_norm,
        }
    return tensors


@dataclass(frozen=True)
class Side:
    """One of those compared: how it serves, and how it wants the model arranged before anything is measured."""

    serve: Callable[[Checkpoint, Sequence[Any], int], Outcome]
    arrange: Callable[[Qwen2], Qwen2] = lambda model: model


PLAIN = "engine, model not arranged"
OURS = {"batcher": Side(batcher), "engine": Side(engine, tuned), PLAIN: Side(engine)}
THEIRS = {
    "mlx-lm": Side(mlx_lm),
    "mlx-lm, 128-token steps": Side(partial(mlx_lm, prefill_step_size=128)),
}
SIDES = {**OURS, **THEIRS}
COMPARED = {"batcher": ["batcher", *THEIRS], "engine": ["engine", PLAIN, *THEIRS]}
"""Whom each of ours is compared with, itself first: the engine also with itself on the model as it was given, which
shows how much of its lead is scheduling."""
