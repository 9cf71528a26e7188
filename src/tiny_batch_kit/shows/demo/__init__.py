"""The demo: the same prompts served in several ways, on a real model."""
