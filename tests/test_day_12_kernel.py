"""Day 12 · Paged KV, the kernels: each row reads its own pages, as far as its length, and no softmax overflows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from tiny_batch.paged_cuda import cuda_body
from tiny_batch.paged_kernel import paged_decode, paged_decode_on_shim
from tiny_batch.paged_metal import metal_body
from tiny_batch_kit.grading.expect import Mismatch, expect_true
from tiny_batch_kit.machine.kernels import KernelError, missing_compiler

BODIES = {"metal": metal_body, "cuda": cuda_body}
TURNS = (("forward", "large"), ("backward", "nan"))
"""In which order the threads take their turns, and what memory holds that nobody has written."""


@dataclass(frozen=True)
class Case:
    """What a kernel is given, as numpy arrays; `asked` and `words` say it to a student."""

    asked: str
    words: str
    q: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    tables: np.ndarray
    lengths: np.ndarray
    tolerance: float = 1e-5

    def arrays(self) -> list[mx.array]:
        return [mx.array(each) for each in (self.q, self.keys, self.values, self.tables, self.lengths)]


def case(
    asked: str,
    lengths: Sequence[int],
    *,
    heads: tuple[int, int] = (2, 2),
    width: int = 64,
    size: int = 16,
    shuffled: bool = False,
    even: bool = False,
    dtype: Any = np.float32,
    words: str = "",
) -> Case:
    """Random queries, keys and values; pages of `size` positions in order, or shuffled. Behind a row's last page: 0.

    even: queries are 0, so all scores are equal: what is asked is where values are read, whatever the softmax.
    """
    rng = np.random.default_rng(12)
    counts = [-(-length // size) for length in lengths]
    pages, widest = sum(counts) + 2, max(counts) + 2
    numbers = rng.permutation(pages) if shuffled else np.arange(pages)
    tables = np.zeros((len(lengths), widest), np.int32)
    for row, count in enumerate(counts):
        tables[row, :count] = numbers[sum(counts[:row]) :][:count]
    keys, values = (rng.normal(size=(pages, heads[1], size, width)).astype(dtype) for _ in "kv")
    q = rng.normal(size=(len(lengths), heads[0], width)).astype(dtype) * (0 if even else 1)
    about = f"lengths {list(lengths)}, pages of {size}, {heads[0]} query and {heads[1]} KV heads of {width}"
    full = "; ".join(filter(None, (words, about, "queries are 0, so the mean of the values is right" if even else "")))
    return Case(asked, full, q, keys, values, tables, np.array(lengths, np.int32))


def with_scores(asked: str, scores: Sequence[float], words: str) -> Case:
    """One row and head whose scores, after the scale, are these, in order of positions."""
    made = case(asked, [len(scores)], heads=(1, 1), words=words)
    made.q[:], made.keys[:] = 0, 0
    made.q[0, 0, 0] = 8  # times 64^-0.5 is 1
    for position, score in enumerate(scores):
        made.keys[made.tables[0, position // 16], 0, position % 16, 0] = score
    return replace(made, tolerance=1e-4)


def by_numpy(given: Case) -> np.ndarray:
    """Attention, row by row and head by head, in double precision."""
    q, keys, values = (each.astype(np.float64) for each in (given.q, given.keys, given.values))
    out = np.zeros_like(q)
    size, share = keys.shape[2], q.shape[1] // keys.shape[1]
    for row, length in enumerate(given.lengths):
        pages = given.tables[row, : -(-length // size)]
        for head in range(q.shape[1]):
            k = keys[pages, head // share].reshape(-1, q.shape[2])[:length]
            v = values[pages, head // share].reshape(-1, q.shape[2])[:length]
            scores = k @ q[row, head] * q.shape[2] ** -0.5
            weights = np.exp(scores - scores.max())
            out[row, head] = weights @ v / weights.sum()
    return out


def agrees(language: str, given: Case, turns: Sequence[tuple[str, str]] = TURNS) -> None:
    """Fail unless the kernel of a language says what numpy says, on the shim in each order, then on its GPU."""
    BODIES[language]()  # a hole is a hole, with or without a compiler
    gpu = {"metal": mx.metal, "cuda": mx.cuda}[language].is_available()
    if missing_compiler() and not gpu:
        pytest.skip(missing_compiler())
    for order, poison in () if missing_compiler() else turns:
        words = f"{given.words}; threads take turns {order}"
        try:
            got = paged_decode_on_shim(language, *given.arrays(), order=order, poison=poison)
        except KernelError as error:
            raise Mismatch(given.asked, words, str(error), "a kernel that compiles, and ends well") from error
        compare(given, words, got)
    if gpu:
        agrees_on_gpu(given)


def agrees_on_gpu(given: Case) -> None:
    before, words = mx.default_device(), f"{given.words}; on the GPU"
    mx.set_default_device(mx.gpu)
    try:
        got = paged_decode(*given.arrays())
        mx.eval(got)
    except RuntimeError as error:
        raise Mismatch(given.asked, words, str(error)[:1200], "a kernel that compiles, and ends well") from error
    finally:
        mx.set_default_device(before)
    # A GPU's exp and its order of sums are its own.
    compare(replace(given, tolerance=max(1e-4, given.tolerance)), words, got)


def compare(given: Case, words: str, got: mx.array) -> None:
    expected = by_numpy(given)
    said = np.array(got.astype(mx.float32)).astype(np.float64)
    off = np.abs(said - expected)
    off[np.isnan(off)] = np.inf
    row, head, place = np.unravel_index(int(off.argmax()), off.shape)
    wrong = sorted({(int(b), int(h)) for b, h, _ in np.argwhere(off > given.tolerance)})
    expect_true(
        not wrong,
        asked=given.asked,
        case=words,
        got=f"row {row}, head {head} is off by {off[row, head, place]:.3g} at [{place}]: {said[row, head, place]:.6g}. "
        f"Wrong (row, head): {', '.join(map(str, wrong[:6]))}{' …' if len(wrong) > 6 else ''}, "
        f"of {off.shape[0] * off.shape[1]}",
        expected=f"{expected[row, head, place]:.6g}, and everything within {given.tolerance:g} of numpy",
    )


# What is asked of both kernels


def plain() -> Case:
    return case("attention of one query to one full page: softmax of q · k / √Dh, then the values", [16], heads=(1, 1))


def of_width(width: int) -> Case:
    return case("heads of any width that 32 divides, each with its own scale", [16], heads=(1, 1), width=width)


def of_block_size(size: int) -> Case:
    return case("pages of any size", [3 * size], heads=(1, 1), size=size, even=True)


def at_borders() -> Case:
    return case(
        "each row sees as many positions as its length says, whether its last page is full or not",
        [15, 16, 17, 1, 70, 33],
        even=True,
    )


def one_position() -> Case:
    asked = "a row that sees one position gets that position's value"
    return case(asked, [1, 1], even=True, words="most simdgroups get none")


def own_pages() -> Case:
    asked = "position p of row b stands in page tables[b, p / block_size], in whatever order the pages lie"
    return case(asked, [48, 32, 64], shuffled=True, even=True, words="pages shuffled")


def shared_pages() -> Case:
    made = case("rows may share pages", [48, 48, 32], even=True, words="all rows have the first two pages of row 0")
    made.tables[1, :2] = made.tables[2, :2] = made.tables[0, :2]
    return made


def garbage_behind(entry: int) -> Case:
    asked = "an entry of a table behind the last page is never followed"
    made = case(asked, [16, 40, 1], even=True, words=f"it says {entry}")
    for row, length in enumerate(made.lengths):
        made.tables[row, -(-length // 16) :] = entry
    return made


def somebody_elses_rest() -> Case:
    asked = "what stands in the last page behind the last position counts for nothing"
    made = case(asked, [5, 18], words="it is large")
    for row, length in enumerate(made.lengths):
        last = made.tables[row, (length - 1) // 16]
        made.keys[last, :, (length - 1) % 16 + 1 :] = 1000 * np.sign(made.q[row])[:, None]
        made.values[last, :, (length - 1) % 16 + 1 :] = 1000
    return made


def of_heads(heads: int, kv_heads: int) -> Case:
    return case("query head h reads KV head h / (Hq / Hkv)", [16, 16], heads=(heads, kv_heads), even=True)


def own_queries() -> Case:
    return case("row b and query head h read the query q[b, h]", [16, 16, 16], heads=(2, 1))


def large_scores(about: float) -> Case:
    scores = [about + each for each in np.linspace(-1, 1, 32)]
    return with_scores("the maximum is subtracted before exp", scores, f"all scores are near {about:g}")


def moving(shape: str) -> Case:
    asked = "when the maximum rises, what was summed before is rescaled, in the loop and where simdgroups meet"
    up = np.linspace(-150, 150, 64)
    peak = np.where(np.arange(64) == 37, 100.0, np.linspace(1, -1, 64))
    scores = {"rising": up, "falling": up[::-1], "peak": peak, "gently": np.linspace(-3, 3, 64)}[shape]
    return with_scores(
        asked, [float(each) for each in scores], f"scores are {shape}, {scores[0]:.3g} to {scores[-1]:.3g}"
    )


def in_half() -> Case:
    made = case("float16 comes in and goes out", [16, 17, 1], dtype=np.float16, words="float16")
    return replace(made, tolerance=2e-3)


def summed_in_half() -> Case:
    asked = "sums are kept in float32, whatever the dtype: float16 ends at 65504, and has three digits"
    made = case(asked, [1600], heads=(1, 1), width=128, dtype=np.float16, words="float16")
    made.q[:], made.keys[:], made.values[:] = 30, 30, 0.3
    return replace(made, tolerance=2e-3)


def everything() -> Case:
    made = case("all of it at once", [1, 31, 100, 7, 257], heads=(6, 2), width=96, size=8, shuffled=True)
    made.tables[2, :1] = made.tables[4, :1]
    for row, length in enumerate(made.lengths):
        made.tables[row, -(-length // 8) :] = -1
    return made


ALL_TURNS = [(order, poison) for order in ("forward", "backward") for poison in ("large", "nan")]


# Task 12.5: Metal


@pytest.mark.task("12.5")
def test_metal_attends():
    agrees("metal", plain())


@pytest.mark.task("12.5")
@pytest.mark.parametrize("width", [32, 128, 256])
def test_metal_heads_of_any_width(width: int):
    agrees("metal", of_width(width))


@pytest.mark.task("12.5")
@pytest.mark.parametrize("size", [1, 5, 32])
def test_metal_pages_of_any_size(size: int):
    agrees("metal", of_block_size(size))


@pytest.mark.task("12.5")
def test_metal_sees_as_far_as_its_length():
    agrees("metal", at_borders())


@pytest.mark.task("12.5")
def test_metal_one_position_is_enough():
    agrees("metal", one_position())


@pytest.mark.task("12.5")
def test_metal_reads_its_own_pages():
    agrees("metal", own_pages())


@pytest.mark.task("12.5")
def test_metal_rows_share_pages():
    agrees("metal", shared_pages())


@pytest.mark.task("12.5")
@pytest.mark.parametrize("entry", [-1, 1 << 20])
def test_metal_follows_no_entry_behind_the_last_page(entry: int):
    agrees("metal", garbage_behind(entry))


@pytest.mark.task("12.5")
def test_metal_rest_of_the_last_page_counts_for_nothing():
    agrees("metal", somebody_elses_rest())


@pytest.mark.task("12.5")
@pytest.mark.parametrize(("heads", "kv_heads"), [(3, 3), (6, 2), (4, 1)], ids=["one-each", "grouped", "one-for-all"])
def test_metal_heads_read_their_kv_head(heads: int, kv_heads: int):
    agrees("metal", of_heads(heads, kv_heads))


@pytest.mark.task("12.5")
def test_metal_heads_read_their_query():
    agrees("metal", own_queries())


@pytest.mark.task("12.5")
@pytest.mark.parametrize("about", [500, -500])
def test_metal_large_scores_do_not_overflow(about: float):
    agrees("metal", large_scores(about))


@pytest.mark.task("12.5")
@pytest.mark.parametrize("shape", ["rising", "falling", "peak", "gently"])
def test_metal_rescales_when_the_maximum_moves(shape: str):
    agrees("metal", moving(shape))


@pytest.mark.task("12.5")
def test_metal_half():
    agrees("metal", in_half())


@pytest.mark.task("12.5")
def test_metal_sums_in_float():
    agrees("metal", summed_in_half())


@pytest.mark.task("12.5")
def test_metal_in_any_order():
    agrees("metal", replace(plain(), asked="the same result in whatever order threads run: barriers"), ALL_TURNS)


@pytest.mark.task("12.5")
def test_metal_everything_at_once():
    agrees("metal", everything(), ALL_TURNS)


# Task 12.6: CUDA


@pytest.mark.task("12.6")
def test_cuda_attends():
    agrees("cuda", plain())


@pytest.mark.task("12.6")
@pytest.mark.parametrize("width", [32, 128, 256])
def test_cuda_heads_of_any_width(width: int):
    agrees("cuda", of_width(width))


@pytest.mark.task("12.6")
@pytest.mark.parametrize("size", [1, 5, 32])
def test_cuda_pages_of_any_size(size: int):
    agrees("cuda", of_block_size(size))


@pytest.mark.task("12.6")
def test_cuda_sees_as_far_as_its_length():
    agrees("cuda", at_borders())


@pytest.mark.task("12.6")
def test_cuda_one_position_is_enough():
    agrees("cuda", one_position())


@pytest.mark.task("12.6")
def test_cuda_reads_its_own_pages():
    agrees("cuda", own_pages())


@pytest.mark.task("12.6")
def test_cuda_rows_share_pages():
    agrees("cuda", shared_pages())


@pytest.mark.task("12.6")
@pytest.mark.parametrize("entry", [-1, 1 << 20])
def test_cuda_follows_no_entry_behind_the_last_page(entry: int):
    agrees("cuda", garbage_behind(entry))


@pytest.mark.task("12.6")
def test_cuda_rest_of_the_last_page_counts_for_nothing():
    agrees("cuda", somebody_elses_rest())


@pytest.mark.task("12.6")
@pytest.mark.parametrize(("heads", "kv_heads"), [(3, 3), (6, 2), (4, 1)], ids=["one-each", "grouped", "one-for-all"])
def test_cuda_heads_read_their_kv_head(heads: int, kv_heads: int):
    agrees("cuda", of_heads(heads, kv_heads))


@pytest.mark.task("12.6")
def test_cuda_heads_read_their_query():
    agrees("cuda", own_queries())


@pytest.mark.task("12.6")
@pytest.mark.parametrize("about", [500, -500])
def test_cuda_large_scores_do_not_overflow(about: float):
    agrees("cuda", large_scores(about))


@pytest.mark.task("12.6")
@pytest.mark.parametrize("shape", ["rising", "falling", "peak", "gently"])
def test_cuda_rescales_when_the_maximum_moves(shape: str):
    agrees("cuda", moving(shape))


@pytest.mark.task("12.6")
def test_cuda_half():
    agrees("cuda", in_half())


@pytest.mark.task("12.6")
def test_cuda_sums_in_float():
    agrees("cuda", summed_in_half())


@pytest.mark.task("12.6")
def test_cuda_in_any_order():
    agrees("cuda", replace(plain(), asked="the same result in whatever order threads run: barriers"), ALL_TURNS)


@pytest.mark.task("12.6")
def test_cuda_everything_at_once():
    agrees("cuda", everything(), ALL_TURNS)
