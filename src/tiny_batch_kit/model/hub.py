"""Models from folders and from Hugging Face, read by mlx-lm and turned into the course's Qwen2."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten

from tiny_batch_kit.model.config import Qwen2Config
from tiny_batch_kit.model.layers import Quantised
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.tokenizer import HubTokenizer
from tiny_batch_kit.model.weights import CheckpointError, model_from_tensors, reason

ARCHITECTURES = ("qwen2", "llama")
NAMES = 'expected "smollm2-135m", "tiny-random", a folder, or a Hugging Face id such as "Qwen/Qwen2-0.5B-Instruct-MLX"'


def load_hub(name: str, *, dtype: mx.Dtype | None, unpack: bool) -> tuple[Qwen2, HubTokenizer]:
    """The model and the tokenizer of a folder or a Hugging Face id.

    dtype: what to compute in; None: what the checkpoint was saved in. unpack: turn quantised weights into plain ones.
    Raises CheckpointError if there is no such model, it can't be fetched or read, or has another architecture.
    """
    config = _read_config(name)
    _require_supported(name, config)

    from mlx_lm import load  # takes seconds: it brings transformers along

    try:
        loaded, tokenizer = load(name, lazy=True)[:2]
        tensors = dict(tree_flatten(loaded.parameters()))
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f'the files of "{name}" can\'t be read ({reason(error)}): '
            "they are damaged, incomplete or cut short; fetch them again"
        ) from error
    model = _convert(name, loaded, tensors, config, dtype, unpack)
    return model, HubTokenizer(tokenizer)


def _read_config(name: str) -> dict[str, Any]:
    """config.json, before the weights: a wrong architecture should not cost a download of gigabytes."""
    folder = Path(name).expanduser()
    if folder.exists():
        file = folder / "config.json"
        if not file.is_file():
            raise CheckpointError(f'the folder "{name}" has no config.json: {NAMES}')
    else:
        file = _fetch_config(name)
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f'the config.json of "{name}" is not JSON ({error}): fetch the model again') from error
    if not isinstance(config, dict):
        raise CheckpointError(f'the config.json of "{name}" holds no settings: fetch the model again')
    return config


def _fetch_config(name: str) -> Path:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise CheckpointError(f'there is no model "{name}": {NAMES}')

    import huggingface_hub as hub
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RepositoryNotFoundError

    cached = hub.try_to_load_from_cache(name, "config.json")
    if isinstance(cached, str):
        return Path(cached)
    try:
        hub.HfApi().model_info(name, timeout=10)  # asks once; a download without a network asks for half a minute
        return Path(hub.hf_hub_download(name, "config.json"))
    except GatedRepoError as error:
        raise CheckpointError(
            f'"{name}" is given only to who asked for it: ask on its page, or name another'
        ) from error
    except RepositoryNotFoundError as error:
        raise CheckpointError(f'Hugging Face shows you no model "{name}": check the spelling; {NAMES}') from error
    except EntryNotFoundError as error:
        raise CheckpointError(f'"{name}" on Hugging Face has no config.json, so it is no model: {NAMES}') from error
    except Exception as error:  # whatever the HTTP library of the day raises: without an answer there is no model
        raise _no_network(name) from error


def _no_network(name: str) -> CheckpointError:
    return CheckpointError(
        f'"{name}" is not on this machine, and Hugging Face can\'t be reached: check the network, '
        'or use "smollm2-135m", which needs none'
    )


def _require_supported(name: str, config: dict[str, Any]) -> None:
    """Refuse what the course's Qwen2 would compute wrongly."""
    kind = config.get("model_type")
    if kind not in ARCHITECTURES:
        raise CheckpointError(
            f'"{name}" has the architecture "{kind}": the course reads '
            f"{' and '.join(ARCHITECTURES)} models; name another"
        )
    rope = config.get("rope_scaling") or config.get("rope_parameters") or {}
    scaling = rope.get("rope_type", rope.get("type", "default"))
    does = {
        f'stretches its positions ("{scaling}" rope scaling)': scaling != "default",
        "turns neighbouring numbers (traditional rope)": bool(config.get("rope_traditional")),
        "looks back through a sliding window": bool(config.get("use_sliding_window"))
        or any(kind != "full_attention" for kind in config.get("layer_types") or ()),
        "has biases in its feed-forward network": bool(config.get("mlp_bias")),
        "turns only a part of each head": config.get("partial_rotary_factor", 1.0) != 1.0,
    }
    for what, applies in does.items():
        if applies:
            raise CheckpointError(f'"{name}" {what}, which the course\'s model does not do: name another')


def _convert(
    name: str, loaded: Any, tensors: dict[str, mx.array], raw: dict[str, Any], dtype: mx.Dtype | None, unpack: bool
) -> Qwen2:
    """Our model with the weights of mlx-lm's."""
    args = loaded.args
    config = Qwen2Config(
        num_layers=args.num_hidden_layers,
        width=args.hidden_size,
        num_heads=args.num_attention_heads,
        num_kv_heads=args.num_key_value_heads,
        head_dim=getattr(args, "head_dim", None) or args.hidden_size // args.num_attention_heads,
        ffn_width=args.intermediate_size,
        vocab_size=args.vocab_size,
        rope_theta=float((raw.get("rope_parameters") or {}).get("rope_theta", args.rope_theta)),
        norm_eps=args.rms_norm_eps,
        tied=args.tie_word_embeddings,
        max_positions=args.max_position_embeddings or 2048,
    )
    if "model.layers.0.self_attn.o_proj.bias" in tensors:
        raise CheckpointError(f'"{name}" has a bias behind its attention, which a Qwen2 has not: name another')
    modules = dict(loaded.named_modules())

    def packing(product: str) -> Quantised:
        module = modules[product]
        if module.mode != "affine":
            raise CheckpointError(
                f'"{name}" is quantised as "{module.mode}": the course reads MLX\'s affine 4- and 8-bit'
            )
        return Quantised(module.bits, module.group_size)

    computed_in = dtype or tensors["model.norm.weight"].dtype
    return model_from_tensors(config, tensors, dtype=computed_in, packing=packing, unpack=unpack)
