"""The course's batcher against mlx-lm's own, side by side: same weights, same BLAS, same prompts and limits.

`workloads` has the requests, `sides` serves them in this process, `compare` runs the sides by turns in fresh ones.
"""
