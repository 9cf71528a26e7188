"""All tests run on the CPU: there a batch is computed bit by bit as its rows are alone, and every machine agrees."""

import mlx.core as mx

mx.set_default_device(mx.cpu)
