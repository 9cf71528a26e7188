"""All tests run on the CPU: there a batch is computed bit by bit as its rows are alone, and every machine agrees."""

import mlx.core as mx

mx.set_default_device(mx.cpu)


def pytest_addoption(parser):
    parser.addoption("--soak", action="store_true", help="10,000 random scenarios for the engine, in place of 200")
