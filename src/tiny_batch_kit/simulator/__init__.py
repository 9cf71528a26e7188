"""Serving without a model: the engine's own scheduler, a virtual clock, and a price list measured on a machine.

`cost` has the price list, `calibrate` measures it, `simulate` serves requests with it, `validate` compares it with the
real engine.
"""
