"""The demo: the same prompts served in four ways, on a real model."""
