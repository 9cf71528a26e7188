"""Where the time of the engine's decode step goes, and what of it is Python."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx

from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.hardware import measure_hardware
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.qwen2 import Qwen2

PROMPT = 96


@dataclass(frozen=True)
class StepProfile:
    """Milliseconds of one decode step of `rows` requests, and of its parts, each measured by itself.

    elementwise: norms, rope, SwiGLU, sums: what a pass without attention takes beyond its products. floor: what reading
    all weights once takes, at the bandwidth that this machine was measured to have. python: what scheduler and engine
    take in a step of `many` requests whose runner does nothing.
    """

    rows: int
    step: float
    weights: float
    attention: float
    vocabulary: float
    elementwise: float
    floor: float
    many: int
    python: float


def profile(checkpoint: Checkpoint, rows: int = 16, many: int = 64) -> StepProfile:
    """Measure a decode step of `rows` requests of about a hundred positions each, on a model as it is given."""
    model = checkpoint.model
    plan, weights = _decode_plan(rows), _weights(model, rows)
    runner = implementations.load("runner").MlxRunner(model, max_running=rows, max_seq_len=2 * PROMPT)
    return StepProfile(
        rows,
        _milliseconds(lambda: runner.run(plan)),
        weights,
        _attention(model, plan, runner),
        _milliseconds(lambda: mx.eval(model.logits(mx.ones((rows, model.config.width))))),
        _milliseconds(lambda: mx.eval(_pass_without_attention(model, rows))) - weights,
        1e3 * sum(array.nbytes for array in model.parameters) / measure_hardware().bandwidth,
        many,
        overhead(many),
    )


def overhead(running: int, steps: int = 200) -> float:
    """Milliseconds a step of scheduler and engine alone, with so many requests that decode."""
    load = implementations.load

    class Nothing:
        def run(self, plan: Any) -> Mapping[str, Sequence[int]]:
            return {work.request_id: [7] for work in plan.work}

    scheduler = load("plan").Scheduler(max_running=running, max_batched_tokens=running, max_seq_len=steps + 8)
    engine = load("engine").Engine(scheduler, Nothing())
    for number in range(running):
        engine.add_request(load("request").Request(str(number), [1], steps))
    engine.step()
    start = time.perf_counter()
    for _ in range(steps - 2):
        engine.step()
    return 1e3 * (time.perf_counter() - start) / (steps - 2)


def _decode_plan(rows: int) -> Any:
    plan, sampling = implementations.load("plan"), implementations.load("sampling").SamplingParams()
    # Lengths that differ a little, as they do.
    return plan.StepPlan(tuple(plan.Work(str(i), i, PROMPT - i % 7, [5], 1, sampling) for i in range(rows)))


def _weights(model: Qwen2, rows: int) -> float:
    """All products with weights but the vocabulary's."""
    c = model.config
    x, heads, wide = (mx.ones((rows, width)) for width in (c.width, c.num_heads * c.head_dim, c.ffn_width))
    mx.eval(x, heads, wide)
    return _milliseconds(
        lambda: mx.eval([(it.qkv(x), it.output(heads), it.gate_up(x), it.down(wide)) for it in model.layers])
    )


def _pass_without_attention(model: Qwen2, rows: int) -> mx.array:
    tokens = mx.ones((rows,), dtype=mx.int32)
    return model(tokens, tokens, lambda layer, q, k, v: q)


def _attention(model: Qwen2, plan: Any, runner: Any) -> float:
    """Writing and reading the cache, in all layers."""
    c, rows = model.config, len(plan.work)
    attend = implementations.load("packed_attention").packed_attend(
        implementations.load("packing").pack(plan), runner.caches
    )
    q = mx.random.normal((rows, c.num_heads, c.head_dim))
    k = mx.random.normal((rows, c.num_kv_heads, c.head_dim))
    mx.eval(q, k)
    return _milliseconds(lambda: mx.eval([attend(layer, q, k, k) for layer in range(c.num_layers)]))


def _milliseconds(work: Callable[[], object], runs: int = 11) -> float:
    """The median of several runs."""
    work()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return 1e3 * sorted(taken)[runs // 2]
