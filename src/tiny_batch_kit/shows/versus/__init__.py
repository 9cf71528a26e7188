"""The course's batcher against mlx-lm's own, side by side: same weights, same BLAS, same prompts and limits.

`sides` serves the workloads of `serving.yardsticks` in this process, `compare` runs the sides by turns in fresh ones.
"""
