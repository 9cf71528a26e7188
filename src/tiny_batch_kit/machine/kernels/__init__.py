"""GPU kernels on a CPU: the body that `mx.fast.metal_kernel` or `mx.fast.cuda_kernel` gets, compiled as C++ and run.

`metal_kernel` and `cuda_kernel` take and return what MLX's functions of these names do, so the same code calls either.
The threads of a threadgroup run one at a time, in an order that is fixed and can be turned round, each as far as its
next barrier. Memory is spoilt beforehand, and the arrays lie between guards. So what goes wrong on a GPU now and then
goes wrong here each time, in words. What it does not show is speed, nor what only a GPU's own compiler refuses.
"""

from tiny_batch_kit.machine.kernels.compiler import KernelError, find_compiler, missing_compiler
from tiny_batch_kit.machine.kernels.run import ORDERS, ShimKernel, cuda_kernel, metal_kernel

__all__ = [
    "ORDERS",
    "KernelError",
    "ShimKernel",
    "cuda_kernel",
    "find_compiler",
    "metal_kernel",
    "missing_compiler",
]
