"""The oracle at its sharpest: on the bundled BLAS the reference's logits in company are those alone, bit for bit."""

import mlx.core as mx
import numpy as np
import pytest

from tiny_batch_kit import blas, implementations
from tiny_batch_kit.oracle import serve_alone
from tiny_batch_kit.tiny import tiny_random

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
