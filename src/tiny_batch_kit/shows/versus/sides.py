"""The sides of the comparison: each serves a workload in this process and says how it went. EOS ends no answer."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import mlx.core as mx

from tiny_batch_kit.machine.clocks import ServiceClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.config import Qwen2Config
from tiny_batch_kit.model.layers import Layer, Weight
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
    """mlx-lm's own Qwen2 with the weights of this one, kept as they are: in plain numbers, or packed."""
    from mlx.nn.layers.quantized import quantize
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
    weights = _weights(model)
    packed = {name: asdict(weight.packing) for name, weight in weights.items() if weight.packing}
    quantize(theirs, class_predicate=lambda name, _: packed.get(name, False))
    theirs.update(tree_unflatten([*_tensors(model, weights).items()]))
    mx.eval(theirs.parameters())
    return theirs


def _weights(model: Qwen2) -> dict[str, Weight]:
    """The matrices by the names of mlx-lm's modules."""
    c = model.config
    weights = {"model.embed_tokens": model.embedding.weight}
    if model.head is not None:
        weights["lm_head"] = model.head.weight
    for at, layer in _layers(model):
        queries, keys, values = layer.qkv.weight.split(_borders(c))
        gate, up = layer.gate_up.weight.split(2)
        weights |= {
            f"{at}.self_attn.{name}_proj": weight for name, weight in zip("qkv", (queries, keys, values), strict=True)
        }
        weights |= {f"{at}.self_attn.o_proj": layer.output.weight, f"{at}.mlp.down_proj": layer.down.weight}
        weights |= {f"{at}.mlp.gate_proj": gate, f"{at}.mlp.up_proj": up}
    return weights


def _tensors(model: Qwen2, weights: Mapping[str, Weight]) -> dict[str, mx.array]:
    """All numbers by mlx-lm's names; a bias that the model has not is zero."""
    parts = ("weight", "scales", "biases")
    tensors = {
        f"{at}.{part}": a for at, weight in weights.items() for part, a in zip(parts, weight.arrays, strict=False)
    }
    tensors["model.norm.weight"] = model.norm
    for at, layer in _layers(model):
        tensors[f"{at}.input_layernorm.weight"] = layer.attention_norm
        tensors[f"{at}.post_attention_layernorm.weight"] = layer.ffn_norm
        bias = layer.qkv.bias
        whole = mx.zeros(layer.qkv.weight.shape[0], model.dtype) if bias is None else bias
        for name, piece in zip("qkv", mx.split(whole, _borders(model.config)), strict=True):
            tensors[f"{at}.self_attn.{name}_proj.bias"] = piece
    return tensors


def _layers(model: Qwen2) -> list[tuple[str, Layer]]:
    return [(f"model.layers.{number}", layer) for number, layer in enumerate(model.layers)]


def _borders(c: Qwen2Config) -> list[int]:
    """Where keys and values begin in the product of queries, keys and values."""
    return [c.num_heads * c.head_dim, (c.num_heads + c.num_kv_heads) * c.head_dim]


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
