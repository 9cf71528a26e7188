"""Day 1: what a decode step costs, and how many requests should share it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tiny_batch_kit.machine.hardware import Hardware
from tiny_batch_kit.model.shapes import ModelShape


class Bound(StrEnum):
    """The speed that a step waits for."""

    MEMORY = "memory"
    COMPUTE = "compute"


@dataclass(frozen=True)
class StepCost:
    """What one decode step costs: operations, bytes read, seconds, and which of the two speeds decides the seconds."""

    flops: float
    bytes: float
    seconds: float
    bound: Bound


def kv_bytes_per_token(shape: ModelShape) -> float:
    """Bytes of keys and values that one token leaves in memory, over all layers.

    Each layer stores one key and one value of `head_dim` numbers for every key-value head, `kv_bytes` bytes a number.
    The same count holds for MHA, GQA and MQA (Ainslie et al., "GQA", 2023, section 2).
    """
    # task 1.1 begin
    numbers = 2 * shape.layers * shape.kv_heads * shape.head_dim
    return numbers * shape.kv_bytes
    # task 1.1 end


def decode_step_cost(shape: ModelShape, hardware: Hardware, batch: int, context: int) -> StepCost:
    """The roofline's price of one decode step: `batch` rows, one new token each, attending to `context` positions.

    Operations: a multiply and an add for every weight and row; and in attention, for every layer, query head and
    position of each row, one dot product of `head_dim` numbers for the score and as much again for the sum of values
    (a dot product of n numbers is n multiplies and n adds: 2n operations).
    Bytes: the weights once for the whole batch, and each row's own keys and values of `context` positions.
    Activations are small and left out. Reading and computing overlap, so the step takes as long as the slower one;
    a tie counts as memory bound (Williams et al., "Roofline", 2009).

    Raises ValueError if `batch` or `context` is below 1.
    """
    _require_at_least_one(batch=batch, context=context)
    # task 1.2 begin
    per_row = 2 * shape.params + 4 * shape.layers * shape.query_heads * shape.head_dim * context
    flops = batch * per_row
    read = shape.total_weight_bytes + batch * context * kv_bytes_per_token(shape)

    computing = flops / hardware.flops
    reading = read / hardware.bandwidth
    bound = Bound.COMPUTE if computing > reading else Bound.MEMORY
    return StepCost(flops, read, max(computing, reading), bound)
    # task 1.2 end


def max_batch_size(shape: ModelShape, hardware: Hardware, context: int) -> int:
    """The most rows whose caches of `context` positions fit in memory beside one copy of the weights: an int, may be 0.

    Raises ValueError if the weights alone don't fit (it says how much is needed and how much there is, in GB, and what
    to do), or if `context` is below 1.
    """
    _require_at_least_one(context=context)
    # task 1.3 begin
    free = hardware.memory - shape.total_weight_bytes
    if free < 0:
        raise ValueError(
            f"the weights of {shape.name} take {shape.total_weight_bytes / 1e9:.1f} GB, but {hardware.name} has "
            f"{hardware.memory / 1e9:.1f} GB: choose a smaller model, fewer bits a weight, or more memory"
        )
    return int(free // (context * kv_bytes_per_token(shape)))
    # task 1.3 end


def best_batch_size(shape: ModelShape, hardware: Hardware, context: int, tpot_slo: float) -> int:
    """The sweet spot: the smallest batch that reaches at least 99% of the best throughput allowed.

    A batch is allowed if it fits in memory and its step takes at most `tpot_slo` seconds, the longest that a user
    may wait for each token (time per output token). Its throughput is `batch / seconds` tokens a second.

    Raises ValueError if not even one row is allowed; its message says which limit is in the way
    (`_why_nothing_is_allowed`).
    """
    # task 1.4 begin
    throughputs: list[float] = []
    for batch in range(1, max_batch_size(shape, hardware, context) + 1):
        seconds = decode_step_cost(shape, hardware, batch, context).seconds
        if seconds > tpot_slo:
            break
        throughputs.append(batch / seconds)
    if not throughputs:
        raise ValueError(_why_nothing_is_allowed(shape, hardware, context, tpot_slo))

    enough = 0.99 * max(throughputs)
    return next(batch for batch, throughput in enumerate(throughputs, start=1) if throughput >= enough)
    # task 1.4 end


def _why_nothing_is_allowed(shape: ModelShape, hardware: Hardware, context: int, tpot_slo: float) -> str:
    """The message for a search that found no batch: memory or time, whichever is in the way."""
    if max_batch_size(shape, hardware, context) == 0:
        return f"no row of {context} positions fits beside the weights: shorten the context or use more memory"
    seconds = decode_step_cost(shape, hardware, 1, context).seconds
    return f"one row alone takes {seconds:.3g} s a token, more than the tpot_slo of {tpot_slo:.3g} s: allow more time"


def _require_at_least_one(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} is {number}: it must be at least 1")
