"""tiny-batch: the part of an LLM server that decides what runs together, built day by day."""
