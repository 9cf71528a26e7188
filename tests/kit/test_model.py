"""The course's Qwen2 against mlx-lm's, and against logits that Hugging Face transformers made."""

import importlib.util
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten, tree_map
from mlx_lm.models import cache as mlx_lm_cache
from mlx_lm.models import qwen2

from tiny_batch_kit.model.attention import PaddedCache, attention
from tiny_batch_kit.model.config import Qwen2Config
from tiny_batch_kit.model.layers import Quantised
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.tiny import tiny_random
from tiny_batch_kit.model.weights import model_from_tensors

ROOT = Path(__file__).parents[2]
CONFIG = Qwen2Config(
    num_layers=3, width=128, num_heads=4, num_kv_heads=2, head_dim=32, ffn_width=192, vocab_size=96, rope_theta=5000.0
)


def causal(length: int, before: int = 0) -> mx.array:
    """(L, S) for `length` queries behind `before` earlier columns."""
    return mx.arange(before + length)[None, :] <= mx.arange(before, before + length)[:, None]


def everywhere(batch: int, start: int, stop: int) -> mx.array:
    """(B, stop - start) positions."""
    return mx.broadcast_to(mx.arange(start, stop), (batch, stop - start))


def mlx_lm_model(tied: bool, bits: int | None):
    """mlx-lm's Qwen2 with random weights, biases and norms, in float32."""
    mx.random.seed(3)
    args = qwen2.ModelArgs(
        model_type="qwen2",
        hidden_size=CONFIG.width,
        num_hidden_layers=CONFIG.num_layers,
        intermediate_size=CONFIG.ffn_width,
        num_attention_heads=CONFIG.num_heads,
        num_key_value_heads=CONFIG.num_kv_heads,
        rms_norm_eps=CONFIG.norm_eps,
        vocab_size=CONFIG.vocab_size,
        rope_theta=CONFIG.rope_theta,
        tie_word_embeddings=tied,
    )
    model = qwen2.Model(args)
    model.update(tree_map(lambda a: a + 0.1 * mx.random.normal(a.shape), model.parameters()))
    if bits is not None:
        nn.quantize(model, group_size=32, bits=bits)
    mx.eval(model.parameters())
    return model


def ours(theirs, tied: bool, bits: int | None, unpack: bool = False) -> Qwen2:
    config = Qwen2Config(**{**CONFIG.__dict__, "tied": tied})
    tensors = dict(tree_flatten(theirs.parameters()))
    packing = (lambda name: Quantised(bits, 32)) if bits else None
    return model_from_tensors(config, tensors, dtype=mx.float32, packing=packing, unpack=unpack)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("bits", [None, 4, 8])
def test_equals_mlx_lm_in_prefill_and_decode(tied: bool, bits: int | None):
    theirs = mlx_lm_model(tied, bits)
    model = ours(theirs, tied, bits)
    tokens = mx.random.randint(0, CONFIG.vocab_size, (2, 11))
    their_cache, cache = mlx_lm_cache.make_prompt_cache(theirs), PaddedCache(CONFIG.num_layers)
    start = 0
    for length in (7, 1, 3):
        columns = tokens[:, start : start + length]
        expected = theirs(columns, their_cache)
        hidden = model(columns, everywhere(2, start, start + length), cache.attend(causal(length, start)))
        assert mx.abs(model.logits(hidden) - expected).max().item() <= 1e-4
        start += length
    assert cache.columns == 11


@pytest.mark.parametrize("bits", [4, 8])
def test_unpacked_weights_equal_the_packed_ones(bits: int):
    theirs = mlx_lm_model(True, bits)
    tokens = mx.random.randint(0, CONFIG.vocab_size, (1, 9))
    model = ours(theirs, True, bits, unpack=True)
    assert model.layers[0].qkv.weight.packing is None
    logits = model.logits(model(tokens, everywhere(1, 0, 9), PaddedCache(3).attend(causal(9))))
    assert mx.abs(logits - theirs(tokens)).max().item() <= 1e-4


@pytest.mark.parametrize("tied", [True, False])
def test_equals_transformers(tied: bool):
    spec = importlib.util.spec_from_file_location("make_golden_qwen2", ROOT / "scripts" / "make_golden_qwen2.py")
    golden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(golden)
    c = golden.CONFIG
    config = Qwen2Config(
        num_layers=c["num_hidden_layers"],
        width=c["hidden_size"],
        num_heads=c["num_attention_heads"],
        num_kv_heads=c["num_key_value_heads"],
        head_dim=c["hidden_size"] // c["num_attention_heads"],
        ffn_width=c["intermediate_size"],
        vocab_size=c["vocab_size"],
        rope_theta=c["rope_theta"],
        norm_eps=c["rms_norm_eps"],
        tied=tied,
    )
    tensors = {name: mx.array(numbers) for name, numbers in golden.golden_weights(tied).items()}
    model = model_from_tensors(config, tensors, dtype=mx.float32)
    tokens = mx.array(golden.TOKENS)
    cache = PaddedCache(config.num_layers)
    logits = model.logits(model(tokens, everywhere(2, 0, tokens.shape[1]), cache.attend(causal(tokens.shape[1]))))
    expected = np.load(golden.GOLDEN)["tied" if tied else "untied"]
    assert np.abs(np.array(logits) - expected).max() <= 1e-4


def padded(prompts: list[list[int]]) -> tuple[mx.array, mx.array, mx.array]:
    """Tokens, positions and mask of prompts that end in the last column, written out cell by cell."""
    width = max(map(len, prompts))
    pads = [width - len(prompt) for prompt in prompts]
    tokens = mx.array([[0] * p + prompt for p, prompt in zip(pads, prompts, strict=True)])
    positions = mx.array([[max(0, column - p) for column in range(width)] for p in pads])
    mask = mx.array([[[p <= k <= q or k == q for k in range(width)] for q in range(width)] for p in pads])
    return tokens, positions, mask


def test_a_padded_batch_is_bit_identical_to_solo():
    """MLX's bundled BLAS computes each row by itself: see the book's chapter on static batching."""
    model = tiny_random()
    prompts = [[1, 2, 3, 4, 5, 6, 7], [9], [11, 12, 13], [200, 100, 50, 25]]
    tokens, positions, mask = padded(prompts)
    together = model.logits(model(tokens, positions, PaddedCache(2).attend(mask))[:, -1])
    for row, prompt in enumerate(prompts):
        hidden = model(mx.array([prompt]), everywhere(1, 0, len(prompt)), PaddedCache(2).attend(causal(len(prompt))))
        alone = model.logits(hidden[:, -1])[0]
        assert mx.array_equal(alone, together[row]).item(), f"prompt {row}"


def test_packed_tokens_equal_a_batch():
    """Tokens in one line, (T,), with an `attend` that keeps the two sequences apart."""
    model, prompts = tiny_random(), [[5, 6, 7], [8, 9, 10, 11, 12]]
    segments = [(0, 3), (3, 8)]

    def attend(layer: int, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
        outs = []
        for a, b in segments:
            stored = [x[None, a:b].swapaxes(1, 2) for x in (k, v)]
            outs.append(attention(q[None, a:b], *stored, causal(b - a))[0])
        return mx.concatenate(outs)

    packed = model(mx.array(prompts[0] + prompts[1]), mx.array([0, 1, 2, 0, 1, 2, 3, 4]), attend)
    assert packed.shape == (8, model.config.width)
    for prompt, (a, b) in zip(prompts, segments, strict=True):
        alone = model(mx.array([prompt]), everywhere(1, 0, b - a), PaddedCache(2).attend(causal(b - a)))[0]
        assert mx.allclose(packed[a:b], alone, atol=1e-5).item()


def test_shapes_that_do_not_fit_are_named():
    model = tiny_random()
    with pytest.raises(ValueError, match="every token needs its own position"):
        model(mx.array([[1, 2]]), mx.array([0, 1]), PaddedCache(2).attend(None))
    cache = PaddedCache(2)
    model(mx.array([[1, 2]]), mx.array([[0, 1]]), cache.attend(causal(2)))
    with pytest.raises(ValueError, match="1 queries and 3 keys"):
        model(mx.array([[3]]), mx.array([[2]]), cache.attend(mx.ones((1, 2), dtype=mx.bool_)))
    with pytest.raises(ValueError, match="keeps its rows"):
        model(mx.array([[3], [4]]), mx.array([[2], [2]]), cache.attend(None))
    with pytest.raises(ValueError, match="multiple"):
        tiny_random(num_heads=3)
