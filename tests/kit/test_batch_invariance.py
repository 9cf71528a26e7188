"""The oracle at its sharpest: on the bundled BLAS the reference's logits in company are those alone, bit for bit."""

import mlx.core as mx
import numpy as np
import pytest

from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine import blas
from tiny_batch_kit.model.oracle import serve_alone
from tiny_batch_kit.model.tiny import tiny_random

MODEL = tiny_random(seed=5)


pytestmark = pytest.mark.usefixtures("reference")


@pytest.mark.parametrize("chunked", [False, True], ids=["continuous", "chunked"])
@pytest.mark.parametrize("seed", range(6))
def test_logits_are_the_same_bit_for_bit(chunked, seed):
    if blas.report().fast:
        pytest.skip("a fast BLAS adds up in another order for each shape of batch")
    request_class = implementations.load("request").Request
    base = (
        implementations.load("chunked_prefill").ChunkedBatcher
        if chunked
        else implementations.load("continuous").ContinuousBatcher
    )

    class Recording(base):
        seen: dict = {}  # noqa: RUF012  a fresh class for each test

        def _give_tokens(self, slots, logits, prompt_tokens=None):
            for row, slot in enumerate(slots):
                self.seen.setdefault(self.running[slot].id, []).append(np.array(logits[row]))
            super()._give_tokens(slots, logits, prompt_tokens)

    rng = np.random.default_rng(seed)
    slots, step = int(rng.integers(1, 5)), int(rng.integers(1, 9))
    batcher = Recording(MODEL, max_seq_len=40, batch_size=slots, prefill_step=step)
    requests = []
    for index in range(8):
        prompt = rng.integers(0, 256, int(rng.integers(1, 20))).tolist()
        requests.append(request_class(str(index), prompt, int(rng.integers(1, 15))))
        batcher.submit(requests[-1])
        for _ in range(int(rng.integers(0, 4))):
            batcher.step()
    while batcher.has_work:
        batcher.step()

    for request in requests:
        alone = serve_alone(MODEL, request.prompt, request.max_tokens)
        assert request.tokens == alone.tokens
        assert mx.array_equal(mx.array(np.stack(Recording.seen[request.id])), alone.logits)


class Listening:
    """The tiny model, which remembers the logits that it gave last."""

    def __init__(self):
        self.config, self.dtype, self.last = MODEL.config, MODEL.dtype, None

    def __call__(self, tokens, positions, attend):
        return MODEL(tokens, positions, attend)

    def logits(self, hidden):
        self.last = MODEL.logits(hidden)
        return self.last


@pytest.mark.parametrize("preemptive", [False, True], ids=["reserved", "preemptive"])
@pytest.mark.parametrize("seed", range(6))
def test_logits_of_the_engine_are_the_same_bit_for_bit(preemptive, seed):
    if blas.report().fast:
        pytest.skip("a fast BLAS adds up in another order for each shape of batch")
    load, model, seen = implementations.load, Listening(), {}
    rng = np.random.default_rng([seed, 7])
    slots = int(rng.integers(2, 6))
    limits = {"max_running": slots, "max_seq_len": 40, "max_batched_tokens": slots + int(rng.integers(1, 9))}
    memory = {"max_memory_tokens": 60 if preemptive else 200, "headroom": 1} if preemptive else {}
    scheduler_class = load("policies").PreemptiveScheduler if preemptive else load("plan").Scheduler
    scheduler = scheduler_class(**limits, **memory)

    class Recording(load("runner").MlxRunner):
        def run(self, plan):
            sampled = super().run(plan)
            packed = load("packing").pack(plan)
            wanting = [work.request_id for work in [*packed.rows, *packed.segments] if work.wanted]
            for row, name in enumerate(wanting):
                seen.setdefault(name, []).append(np.array(model.last[row]))
            return sampled

    engine = load("engine").Engine(scheduler, Recording(model, max_running=slots, max_seq_len=40))
    requests = []
    for index in range(9):
        prompt = rng.integers(0, 256, int(rng.integers(1, 20))).tolist()
        requests.append(load("request").Request(str(index), prompt, int(rng.integers(5, 18))))
        engine.add_request(requests[-1])
        for _ in range(int(rng.integers(0, 3))):
            engine.step()
    preempted = 0
    while engine.has_work:
        preempted += sum(type(event).__name__ == "PreemptedEvent" for event in engine.step())

    for request in requests:
        alone = serve_alone(MODEL, request.prompt, request.max_tokens)
        assert request.tokens == alone.tokens
        assert mx.array_equal(mx.array(np.stack(seen[request.id])), alone.logits)
    assert preempted == 0 or preemptive
