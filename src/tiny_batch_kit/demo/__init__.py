"""The demo: the same prompts one by one and as a static batch, on a real model."""
