"""The machine: its BLAS, its speeds, its clocks, and virtual ones for tests and simulations."""
