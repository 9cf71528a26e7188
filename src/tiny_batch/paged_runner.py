"""Day 12: what carries out a plan whose requests have pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import mlx.core as mx

from tiny_batch_kit.model import tuned
from tiny_batch_kit.model.pages import Decode, ReaderMaker, page_reader
from tiny_batch_kit.model.qwen2 import Attend, Qwen2

from .packing import Packed
from .paged_attention import PagedKvCache, gathering_reader, paged_attend
from .paged_kernel import WIDTHS, paged_decode
from .paged_kv import PagedPlan
from .plan import StepPlan
from .runner import MlxRunner


class PagedRunner(MlxRunner):
    """Runs the plans of a PagedScheduler: copies, writes, reads, all by tables."""

    def __init__(self, model: Qwen2, *, num_blocks: int, block_size: int, reader: ReaderMaker | None = None) -> None:
        """A runner for an allocator of so many pages; allocates all that it will ever need.

        reader: what rows of one token read with; None: what is fastest here (see `fastest_reader`).
        """
        c = model.config
        self.model = model
        self.pages = [
            PagedKvCache(num_blocks, c.num_kv_heads, block_size, c.head_dim, model.dtype) for _ in range(c.num_layers)
        ]
        self.reader = reader or fastest_reader(model)

    def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        """See Runner."""
        assert isinstance(plan, PagedPlan)
        for layer in self.pages:
            layer.copy(plan.copies)
        return super().run(plan)

    def attend(self, packed: Packed, plan: StepPlan) -> Attend:
        """See MlxRunner.attend."""
        assert isinstance(plan, PagedPlan)
        tables = {work.request_id: table for work, table in zip(plan.work, plan.tables, strict=True)}
        return paged_attend(packed, tables, self.pages, self.reader)


def fastest_reader(model: Qwen2) -> ReaderMaker:
    """What rows of one token read with: your kernel on a GPU; pages where they lie on a CPU with a fast BLAS."""
    if mx.default_device().type == mx.DeviceType.gpu and model.config.head_dim in WIDTHS:
        return kernel_reader
    return page_reader if tuned.is_worthwhile() and model.dtype == mx.float32 else gathering_reader


def kernel_reader(tables: Sequence[Sequence[int]], lengths: Sequence[int], size: int) -> Decode:
    """How rows of one token read with the kernel of this GPU: see gathering_reader."""
    width = max(-(-length // size) for length in lengths)
    numbers = mx.array([[*table[:width], *[0] * (width - len(table))] for table in tables], dtype=mx.int32)
    seen = mx.array([*lengths], dtype=mx.int32)
    return lambda q, keys, values: paged_decode(q, keys, values, numbers, seen)
