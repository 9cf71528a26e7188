"""The exam of Days 1 and 2."""

from __future__ import annotations

from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def draw_tokens(random: Random, count: int) -> list[int]:
    """So many token ids."""
    return [random.randrange(1, 250) for _ in range(count)]


def _machine(random: Random) -> Case:
    kv_heads = random.choice([1, 2, 4])
    names = {
        "layers": random.randint(1, 40),
        "width": random.randint(8, 4096),
        "query_heads": kv_heads * random.randint(1, 8),
    }
    shape = dict(**names, kv_heads=kv_heads, head_dim=random.randint(4, 160), ffn_width=random.randint(8, 9000))
    shape |= {
        "vocab": random.randint(10, 90_000),
        "weight_bytes": random.choice([1, 2, 4]),
        "kv_bytes": random.choice([1, 2]),
    }
    speeds = [random.uniform(1e12, 1e15), random.uniform(1e10, 4e12), random.uniform(3e10, 2e11)]
    case = {"shape": shape, "speeds": speeds, "batch": random.randint(1, 300), "context": random.randint(1, 6000)}
    return {**case, "slo": random.uniform(0.01, 0.5)}


def _roofline(case: Case) -> tuple[Any, Any, Any]:
    from tiny_batch_kit.machine.hardware import Hardware
    from tiny_batch_kit.model.shapes import ModelShape

    shape = ModelShape("held out", **case["shape"])
    speeds = list(case["speeds"])
    if "few" in case:  # so few rows fit that also who tries them all is quick
        speeds[2] = shape.total_weight_bytes + speeds[2] / 1000
    return load("roofline"), shape, Hardware("held out", *speeds)


@sheet("1.1", _machine)
def _bytes(case: Case) -> Any:
    roofline, shape, _ = _roofline(case)
    return roofline.kv_bytes_per_token(shape)


@sheet("1.2", _machine)
def _cost(case: Case) -> Any:
    roofline, shape, machine = _roofline(case)
    cost = roofline.decode_step_cost(shape, machine, case["batch"], case["context"])
    return [cost.flops, cost.bytes, cost.seconds, cost.bound]


@sheet("1.3", _machine)
def _fits(case: Case) -> Any:
    roofline, shape, machine = _roofline(case)
    return roofline.max_batch_size(shape, machine, case["context"])


@sheet("1.4", lambda random: {**_machine(random), "context": random.randint(2000, 9000), "few": True})
def _best(case: Case) -> Any:
    roofline, shape, machine = _roofline(case)
    return roofline.best_batch_size(shape, machine, case["context"], case["slo"])


def draw_prompts(random: Random) -> Case:
    """A few prompts, and what goes with them."""
    prompts = [draw_tokens(random, random.randint(1, 9)) for _ in range(random.randint(1, 5))]
    lengths = [len(prompt) for prompt in prompts]
    width = max(lengths) + random.randint(0, 3)
    sizes = [*random.sample(range(1, 12), 3), random.randint(9, 14)]
    limits = [random.randint(1, 5) for _ in prompts]
    return {
        "prompts": prompts,
        "lengths": lengths,
        "width": width,
        "sizes": sizes,
        "limits": limits,
        "pad": random.randrange(250),
    }


@sheet("2.1", draw_prompts)
def _padded(case: Case) -> Any:
    return load("padding").left_pad(case["prompts"], case["pad"])


@sheet("2.2", draw_prompts)
def _positions(case: Case) -> Any:
    padding, lengths, width = load("padding"), case["lengths"], case["width"]
    return [
        padding.padded_positions(lengths, width),
        padding.padding_mask(lengths, width),
        padding.padding_mask(lengths, width, 1),
    ]


@sheet("2.3", draw_prompts, 3)
def _static(case: Case) -> Any:
    from tiny_batch_kit.model.tiny import tiny_random

    seen: list[Any] = []
    result = load("static").static_generate(
        tiny_random(seed=case["pad"]), case["prompts"], case["limits"], None, seen.append
    )
    return [result.tokens, result.steps, result.wasted_row_steps, seen]


@sheet("2.4", draw_prompts)
def _buckets(case: Case) -> Any:
    padding = load("padding")
    found = padding.bucket_by_length(case["lengths"], case["sizes"])
    batches = [case["lengths"], case["limits"]]
    return [[*found.items()], padding.padding_waste(batches), padding.padding_waste(batches, [20, 30])]
