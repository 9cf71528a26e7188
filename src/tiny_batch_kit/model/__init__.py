"""The language model: a Qwen2 in which tokens meet only in `attend`, its weights and tokenizer, and the oracle."""
