"""Kernels that are called like MLX's and run on the shim."""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from tiny_batch_kit.machine.kernels.compiler import KernelError, program

ORDERS = ("forward", "backward")
"""In which order threads, and threadgroups, take their turns."""
POISONS = {"large": 0x7E, "nan": 0xFF}
"""Bytes that memory is spoilt with: as float32 a number near 1e38, or no number. What one hides, the other shows."""
SECONDS = 6
SMALL = 8
"""MLX hands a Metal kernel arrays of fewer elements in `constant` memory."""
TYPES = {
    mx.float32: "float",
    mx.float16: "float16_t",
    mx.bfloat16: "bfloat16_t",
    mx.int32: "int32_t",
    mx.uint32: "uint32_t",
    mx.int64: "int64_t",
    mx.uint8: "uint8_t",
}
Three = tuple[int, int, int]
Template = Sequence[tuple[str, Any]]


@dataclass(frozen=True)
class ShimKernel:
    """A kernel that runs on the CPU. Made by `metal_kernel` or `cuda_kernel`, called like what MLX makes."""

    language: str
    name: str
    input_names: Sequence[str]
    output_names: Sequence[str]
    source: str

    def __call__(
        self,
        *,
        inputs: Sequence[Any],
        output_shapes: Sequence[Sequence[int]],
        output_dtypes: Sequence[mx.Dtype],
        grid: Three,
        threadgroup: Three,
        template: Template = (),
        order: str = "forward",
        poison: str = "large",
    ) -> list[mx.array]:
        """Run it, and return its outputs.

        inputs: MLX or numpy arrays; grid: threads in all; template: names with dtypes or whole numbers. order: which
        threads come first, see ORDERS; poison: what outputs and threadgroup memory hold beforehand, see POISONS.
        Raises KernelError, in words: it does not compile, it reads outside of its arrays, not all threads reach a
        barrier, it crashes or does not end.
        """
        arrays = [each if isinstance(each, mx.array) else mx.array(each) for each in inputs]
        shapes = [tuple(shape) for shape in output_shapes]
        size, groups = _split(grid, threadgroup)
        if self.language == "metal":
            self._check_small(arrays)
        made = program(self._whole(arrays, output_dtypes, template), self._body(), f"{self.language}_body")
        request = [struct.pack("9i", order == "backward", POISONS[poison], *groups, *size, len(arrays) + len(shapes))]
        request += [_header(each.shape, each.dtype, output=False) for each in arrays]
        request += [_header(shape, dtype, output=True) for shape, dtype in zip(shapes, output_dtypes, strict=True)]
        request += [np.asarray(each.reshape(-1).view(mx.uint8)).tobytes() for each in arrays]
        answer = _run(made, b"".join(request), self.name)
        outputs = []
        for shape, dtype in zip(shapes, output_dtypes, strict=True):
            count = prod(shape) * dtype.size
            outputs.append(mx.array(np.frombuffer(answer[:count], np.uint8)).view(dtype).reshape(shape))
            answer = answer[count:]
        return outputs

    def _whole(self, inputs: Sequence[mx.array], outputs: Sequence[mx.Dtype], template: Template) -> str:
        """The program around the body: what MLX generates in a GPU's language, in C++."""
        arrays = [(name, each.dtype, each.ndim) for name, each in zip(self.input_names, inputs, strict=True)]
        lines = [f'#include "{self.language}.h"', *map(_constant, template)]
        lines.append("static void kernel(shim::Array* shim_arrays, const shim::Thread& shim_thread) {")
        for number, (name, dtype, ndim) in enumerate(arrays):
            at, kind = f"shim_arrays[{number}]", f"const {_type(dtype)}"
            lines.append(f"{kind}* {name} = ({kind}*){at}.data;" if ndim else f"{kind}& {name} = *({kind}*){at}.data;")
            lines.append(f"const int* {name}_shape = {at}.shape; const int64_t* {name}_strides = {at}.strides;")
            lines.append(f"const int {name}_ndim = {at}.ndim;")
        for number, (name, dtype) in enumerate(zip(self.output_names, outputs, strict=True), len(arrays)):
            lines.append(f"{_type(dtype)}* {name} = ({_type(dtype)}*)shim_arrays[{number}].data;")
        names = ", ".join(f'"{name}"' for name in (*self.input_names, *self.output_names))
        return "\n".join(
            [
                *lines,
                "SHIM_ATTRIBUTES(shim_thread)",
                f'#include "{self.language}_body"',
                "}",
                f"const char* const shim::array_names[] = {{{names}}};",
                "void shim::call(Array* arrays, const Thread& t) { kernel(arrays, t); }\n",
            ]
        )

    def _body(self) -> str:
        """The body as it is, but for one word: `threadgroup` before a pointer says where it points, not where it is."""
        pointer = r"\bthreadgroup\b(?=\s+(?:const\s+)?[\w:]+(?:\s*<[^<>]*>)?(?:\s+const)?\s*[*&])"
        return re.sub(pointer, " " * len("threadgroup"), self.source) + "\n"

    def _check_small(self, arrays: Sequence[mx.array]) -> None:
        """Refuse what Metal refuses: a `device` pointer of one's own to an array that is in `constant` memory."""
        code = re.sub(r"//[^\n]*|/\*.*?\*/", "", self.source, flags=re.DOTALL)
        for name, each in zip(self.input_names, arrays, strict=True):
            if each.size < SMALL and re.search(rf"\bdevice\b[^;(){{}}=]*\*[^;=]*=\s*&?\s*{name}\b", code):
                raise KernelError(
                    f"`{name}` has {each.size} elements here, and MLX hands arrays of fewer than {SMALL} over in "
                    f"`constant` memory, to which no `device` pointer may point: write `auto`, or index {name} itself"
                )


def metal_kernel(name: str, input_names: Sequence[str], output_names: Sequence[str], source: str) -> ShimKernel:
    """What `mx.fast.metal_kernel` makes of a body in Metal, for the CPU."""
    return ShimKernel("metal", name, tuple(input_names), tuple(output_names), source)


def cuda_kernel(name: str, input_names: Sequence[str], output_names: Sequence[str], source: str) -> ShimKernel:
    """What `mx.fast.cuda_kernel` makes of a body in CUDA, for the CPU."""
    if re.search(r"\bextern\s+__shared__", source):
        raise KernelError("`extern __shared__` has no size here: declare the array with one, __shared__ float x[64];")
    return ShimKernel("cuda", name, tuple(input_names), tuple(output_names), source)


def _split(grid: Three, threadgroup: Three) -> tuple[Three, Three]:
    """The size of a threadgroup, and how many there are, in three directions."""
    size = [min(a, b) for a, b in zip(grid, threadgroup, strict=True)]
    if any(a < 1 or a % b for a, b in zip(grid, size, strict=True)):
        raise KernelError(f"the grid {grid} is no whole number of threadgroups {threadgroup}: round it up")
    groups = [a // b for a, b in zip(grid, size, strict=True)]
    return (size[0], size[1], size[2]), (groups[0], groups[1], groups[2])


def _constant(named: tuple[str, Any]) -> str:
    name, value = named
    if isinstance(value, mx.Dtype):
        return f"typedef {_type(value)} {name};"
    return f"constexpr {'bool' if isinstance(value, bool) else 'int'} {name} = {str(value).lower()};"


def _type(dtype: mx.Dtype) -> str:
    if dtype not in TYPES:
        raise KernelError(f"{dtype} is not known to the shim: it has {', '.join(map(str, TYPES))}")
    return TYPES[dtype]


def _header(shape: Sequence[int], dtype: mx.Dtype, *, output: bool) -> bytes:
    return struct.pack("11i", len(shape), dtype.size, output, *shape, *[0] * (8 - len(shape)))


def _run(made: Path, request: bytes, name: str) -> bytes:
    """What the program answers: in a process of its own, for a wrong kernel may crash or never end."""
    try:
        done = subprocess.run([made], input=request, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise KernelError(f"{name} did not end within {SECONDS} s: does a loop never stop?") from error
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().replace("\n", ", ")
        raise KernelError(f"{name}: {words}" if words else f"{name} crashed (exit status {done.returncode})")
    return done.stdout
