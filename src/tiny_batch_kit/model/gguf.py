"""SmolLM2 out of a GGUF file: tensors under Hugging Face's names, the config, the tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx

from tiny_batch_kit.model.config import Qwen2Config
from tiny_batch_kit.model.layers import Quantised
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.tokenizer import BpeTokenizer
from tiny_batch_kit.model.weights import CheckpointError, model_from_tensors, reason

# What llama.cpp calls a tensor, and what Hugging Face does.
_LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_GROUP_SIZE = 32  # of all of GGUF's simple formats: Q4_0, Q4_1 and Q8_0


def load_gguf(path: Path, *, dtype: mx.Dtype, unpack: bool) -> tuple[Qwen2, BpeTokenizer]:
    """The model and the tokenizer of a Llama-style GGUF file whose weights are Q4_0, Q4_1, Q8_0 or plain.

    dtype: what the model computes in. unpack: turn quantised weights into plain ones of `dtype`.
    Raises CheckpointError if the file is cut short or not GGUF, lacks an entry, or holds another architecture.
    """
    try:
        loaded: Any = mx.load(str(path), format="gguf", return_metadata=True)
        tensors, metadata = loaded
        mx.eval(tensors)
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} can't be read as a GGUF file ({reason(error)}): "
            "it is damaged or cut short; install or fetch it again"
        ) from error
    entries = _Entries(path.name, metadata)
    config = _config(entries, tied="output.weight" not in tensors)
    renamed = {_rename(name): tensor for name, tensor in tensors.items()}
    _undo_permutation(renamed, config)

    def packing(name: str) -> Quantised:
        words, scales = renamed[f"{name}.weight"].shape[-1], renamed[f"{name}.scales"].shape[-1]
        return Quantised(bits=words * 32 // (scales * _GROUP_SIZE), group_size=_GROUP_SIZE)

    model = model_from_tensors(config, renamed, dtype=dtype, packing=packing, unpack=unpack)
    return model, _tokenizer(entries)


class _Entries:
    """The metadata of a GGUF file, with an error that names the file and the entry."""

    def __init__(self, file: str, metadata: dict[str, Any]) -> None:
        self._file, self._metadata = file, metadata

    def __getitem__(self, name: str) -> Any:
        if name not in self._metadata:
            raise CheckpointError(f'{self._file} has no entry "{name}": it is not a whole model; fetch it again')
        return self._metadata[name]

    def number(self, name: str) -> float:
        return float(self[name].item())

    def require(self, name: str, expected: str, what: str) -> None:
        if self[name] != expected:
            raise CheckpointError(
                f'{self._file} has the {what} "{self[name]}": only "{expected}" is read from GGUF files'
            )


def _config(entries: _Entries, tied: bool) -> Qwen2Config:
    entries.require("general.architecture", "llama", "architecture")
    heads = int(entries.number("llama.attention.head_count"))
    width = int(entries.number("llama.embedding_length"))
    return Qwen2Config(
        num_layers=int(entries.number("llama.block_count")),
        width=width,
        num_heads=heads,
        num_kv_heads=int(entries.number("llama.attention.head_count_kv")),
        head_dim=width // heads,
        ffn_width=int(entries.number("llama.feed_forward_length")),
        vocab_size=len(entries["tokenizer.ggml.tokens"]),
        rope_theta=entries.number("llama.rope.freq_base"),
        norm_eps=entries.number("llama.attention.layer_norm_rms_epsilon"),
        tied=tied,
        max_positions=int(entries.number("llama.context_length")),
    )


def _rename(name: str) -> str:
    """'blk.3.attn_q.weight' -> 'model.layers.3.self_attn.q_proj.weight'; unknown names stay as they are."""
    parts = name.split(".")
    if parts[0] == "blk" and len(parts) == 4 and parts[2] in _LAYER_NAMES:
        return f"model.layers.{parts[1]}.{_LAYER_NAMES[parts[2]]}.{parts[3]}"
    return ".".join([_NAMES.get(parts[0], parts[0]), *parts[1:]])


def _undo_permutation(tensors: dict[str, mx.array], config: Qwen2Config) -> None:
    """Bring the rows of queries and keys back into Hugging Face's order, in place.

    llama.cpp lays the two numbers that rope turns together side by side; here they are half a head apart.
    """
    for number in range(config.num_layers):
        for product, heads in (("q_proj", config.num_heads), ("k_proj", config.num_kv_heads)):
            for part in ("weight", "scales", "biases", "bias"):
                name = f"model.layers.{number}.self_attn.{product}.{part}"
                if name in tensors and tensors[name].shape[0] == heads * config.head_dim:
                    pairs = tensors[name].reshape(heads, config.head_dim // 2, 2, -1)
                    tensors[name] = pairs.swapaxes(1, 2).reshape(tensors[name].shape)


def _tokenizer(entries: _Entries) -> BpeTokenizer:
    """The byte-level BPE tokenizer that the metadata describes."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    entries.require("tokenizer.ggml.model", "gpt2", "kind of tokenizer")
    entries.require("tokenizer.ggml.pre", "smollm", "way to split text")
    tokens = entries["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ", 1)) for merge in entries["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = 3  # llama.cpp's token type of special tokens
    kinds = entries["tokenizer.ggml.token_type"].tolist()
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == control]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    eos, bos = (int(entries.number(f"tokenizer.ggml.{name}_token_id")) for name in ("eos", "bos"))
    names = {"bos_token": tokens[bos], "eos_token": tokens[eos]}
    return BpeTokenizer(tokenizer, entries["tokenizer.chat_template"], eos, names)
