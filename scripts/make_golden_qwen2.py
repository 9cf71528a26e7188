"""Make tests/kit/golden/qwen2.npz: the logits of Hugging Face transformers' Qwen2, to hold the course's model against.

Run once, in an environment of its own (the course itself needs neither package):

    python -m venv /tmp/golden && /tmp/golden/bin/pip install torch==2.13.0 transformers numpy
    /tmp/golden/bin/python scripts/make_golden_qwen2.py

The weights are not stored: `golden_weights` makes them from a seed, and the test calls it too.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

GOLDEN = Path(__file__).parents[1] / "tests" / "kit" / "golden" / "qwen2.npz"
CONFIG: dict[str, Any] = {
    "num_hidden_layers": 2,
    "hidden_size": 32,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 48,
    "vocab_size": 40,
    "rope_theta": 500.0,
    "rms_norm_eps": 1e-6,
    "max_position_embeddings": 128,
}
TOKENS = [[3, 14, 15, 9, 26, 5, 35, 8, 9, 7, 9, 3], [2, 38, 4, 6, 2, 6, 4, 3, 38, 3, 27, 9]]


def golden_weights(tied: bool, seed: int = 7) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """The weights under Hugging Face's names, float32, with biases and norms that are not trivial."""
    rng = np.random.default_rng(seed)
    width, ffn, vocab = CONFIG["hidden_size"], CONFIG["intermediate_size"], CONFIG["vocab_size"]
    kv_width = width // CONFIG["num_attention_heads"] * CONFIG["num_key_value_heads"]
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (vocab, width), "model.norm.weight": (width,)}
    if not tied:
        shapes["lm_head.weight"] = (vocab, width)
    for number in range(CONFIG["num_hidden_layers"]):
        at = f"model.layers.{number}."
        for name, rows in (("q", width), ("k", kv_width), ("v", kv_width)):
            shapes |= {f"{at}self_attn.{name}_proj.weight": (rows, width), f"{at}self_attn.{name}_proj.bias": (rows,)}
        shapes |= {
            f"{at}self_attn.o_proj.weight": (width, width),
            f"{at}mlp.gate_proj.weight": (ffn, width),
            f"{at}mlp.up_proj.weight": (ffn, width),
            f"{at}mlp.down_proj.weight": (width, ffn),
            f"{at}input_layernorm.weight": (width,),
            f"{at}post_attention_layernorm.weight": (width,),
        }
    weights = {}
    for name, shape in sorted(shapes.items()):
        numbers = rng.standard_normal(shape) * (0.3 if len(shape) == 2 else 0.2)
        weights[name] = (numbers + ("norm" in name)).astype(np.float32)
    return weights


def transformers_logits(tied: bool) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(B, L, V) logits of transformers' Qwen2ForCausalLM in float32 on the CPU."""
    transformers: Any = importlib.import_module("transformers")
    torch: Any = importlib.import_module("torch")

    rope = {
        "rope_type": "default",
        "rope_theta": CONFIG["rope_theta"],
    }  # version 5 reads it from here, older ones don't
    config = transformers.Qwen2Config(
        **CONFIG, rope_parameters=rope, tie_word_embeddings=tied, attn_implementation="eager"
    )
    model = transformers.Qwen2ForCausalLM(config).eval()
    state = {name: torch.from_numpy(numbers) for name, numbers in golden_weights(tied).items()}
    if tied:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state, strict=True)
    with torch.no_grad():
        logits = model(torch.tensor(TOKENS)).logits
    return np.asarray(logits.numpy(), dtype=np.float32)


def main() -> None:
    """Write the golden file, with the versions that made it."""
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    made_by = f"torch {version('torch')}, transformers {version('transformers')}"
    np.savez_compressed(
        GOLDEN, made_by=made_by, tied=transformers_logits(True), untied=transformers_logits(False), tokens=TOKENS
    )
    print(f"{GOLDEN}: {GOLDEN.stat().st_size} bytes, by {made_by}")


if __name__ == "__main__":
    main()
