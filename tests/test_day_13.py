"""Day 13 · Speculative batching: guesses, the model's last word on them, and when they pay."""

from collections.abc import Callable, Sequence
from itertools import pairwise, product
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch.acceptance import match
from tiny_batch.draft import DrawingRunner
from tiny_batch.guess_control import best_guesses, expected_tokens, verify_seconds
from tiny_batch.measured_guesses import FORGET, KEPT, LATEST, SOONEST, MeasuredGuesses, Record, StepPrices
from tiny_batch.plan import StepPlan, Work
from tiny_batch.rejection import Rejection, accept, probabilities, residual, three_draws
from tiny_batch.request import Request
from tiny_batch.roofline import decode_step_cost, kv_bytes_per_token
from tiny_batch.sampling import SamplingParams, sample_batch
from tiny_batch_kit.grading.expect import expect_close, expect_equal, expect_true
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.machine.hardware import Hardware
from tiny_batch_kit.model.shapes import ModelShape
from tiny_batch_kit.model.tiny import tiny_random

# Task 13.3

VOCABULARY = 12
GREEDY = SamplingParams()
HOT = SamplingParams(temperature=1.0, seed=21)
MANNERS = [  # rows that want their tokens chosen in ways of their own
    GREEDY,
    SamplingParams(temperature=1.0, seed=1),
    SamplingParams(temperature=0.7, top_k=3, seed=2),
    SamplingParams(temperature=1.5, top_p=0.6, seed=3),
    SamplingParams(temperature=1.0, top_k=5, top_p=0.5, seed=4),
    SamplingParams(temperature=2.0, seed=1),
]


def some_logits(rows: int, seed: int = 0) -> mx.array:
    return mx.array(np.random.default_rng(seed).standard_normal((rows, VOCABULARY)).astype(np.float32) * 2)


def chosen_one_by_one(logits: mx.array, start: int, sampling: SamplingParams) -> list[int]:
    """What `sample_batch` draws for each row alone; the first row's token stands behind position `start`."""
    return [
        int(sample_batch(logits[row : row + 1], [sampling], [start + 1 + row]).item()) for row in range(logits.shape[0])
    ]


def bringing(
    guesses: Sequence[int],
    *,
    name: str = "a",
    slot: int = 0,
    start: int = 5,
    before: Sequence[int] = (),
    sampling: SamplingParams = GREEDY,
) -> Work:
    """Work of a row that brings `before`, one token for certain (9), and guesses."""
    return Work(name, slot, start, [*before, 9, *guesses], 1 + len(guesses), sampling)


def saying(tokens: Sequence[int]) -> mx.array:
    """Logits (n, V) that say these tokens."""
    return mx.array(np.eye(VOCABULARY, dtype=np.float32)[list(tokens)] * 9)


@pytest.mark.task("13.3")
@pytest.mark.parametrize(
    ("guesses", "said", "tokens"),
    [
        ([], [4], [4]),
        ([4], [4, 7], [4, 7]),
        ([4], [3, 7], [3]),
        ([4, 7, 2], [4, 7, 2, 8], [4, 7, 2, 8]),
        ([4, 7, 2], [4, 7, 1, 8], [4, 7, 1]),
        ([4, 7, 2], [4, 1, 2, 8], [4, 1]),
        ([4, 7, 2], [1, 7, 2, 8], [1]),
        ([4, 4, 4], [4, 4, 5, 4], [4, 4, 5]),
    ],
    ids=["none", "one-right", "one-wrong", "all-right", "last-wrong", "middle-wrong", "first-wrong", "repeated"],
)
def test_guesses_count_until_the_first_wrong_one(guesses: list[int], said: list[int], tokens: list[int]):
    expect_equal(
        match(saying(said), [bringing(guesses)]),
        [tokens],
        asked="the guesses that are right, and one token more: what the model says behind the last right one",
        case=f"guesses {guesses}; the model says {said}, each behind the token before it; temperature 0",
    )


@pytest.mark.task("13.3")
def test_rows_with_and_without_guesses_in_one_batch():
    works = [
        bringing([1, 2], name="c", slot=2),
        bringing([], name="a", slot=7),
        bringing([3, 4, 5], name="d", slot=0),
        bringing([6], name="b", slot=5),
    ]
    said = [1, 8, 2, 11, 3, 4, 5, 10, 0, 6]
    expect_equal(
        match(saying(said), works),
        [[1, 8], [11], [3, 4, 5, 10], [0]],
        asked="each work's new tokens, in the order of the works: logits come in that order, `wanted` rows of each",
        case="c guesses 1 2, a nothing, d 3 4 5, b 6; in slots 2, 7, 0, 5; "
        "the model says 1 8 2 to c, 11 to a, 3 4 5 10 to d, 0 6 to b",
    )


@pytest.mark.task("13.3")
def test_tokens_before_the_guesses_are_no_guesses():
    work = bringing([6, 3], before=[1, 2, 3, 4])
    expect_equal(
        match(saying([6, 3, 5]), [work]),
        [[6, 3, 5]],
        asked="the guesses are the last `wanted` − 1 tokens of the work; those before them are certain",
        case="a work of tokens 1 2 3 4 9 6 3, wanted 3: it guesses 6 and 3; the model says 6, 3, 5",
    )


@pytest.mark.task("13.3")
@pytest.mark.parametrize("before", [[], [1, 2, 3]], ids=["one-token", "behind-a-prompt"])
@pytest.mark.parametrize("start", [0, 1, 40])
def test_each_token_is_drawn_at_the_position_where_it_will_stand(before: list[int], start: int):
    logits = some_logits(4, seed=start)
    last = start + len(before)  # where the last certain token stands
    tokens = chosen_one_by_one(logits, last, HOT)
    expect_equal(
        match(logits, [bringing(tokens[:3], start=start, before=before, sampling=HOT)]),
        [tokens],
        asked="the tokens that sample_batch draws at positions start + number of tokens − wanted + 1 and on",
        case=f"start {start}, {len(before) + 1} certain tokens and 3 right guesses, temperature 1",
    )


@pytest.mark.task("13.3")
@pytest.mark.parametrize("sampling", MANNERS, ids=["greedy", "hot", "top-k", "top-p", "both", "hotter"])
def test_a_row_chooses_as_it_would_without_guesses(sampling: SamplingParams):
    logits = some_logits(40, seed=6)
    tokens = chosen_one_by_one(logits, 5, sampling)
    wrong = [*tokens[:17], (tokens[17] + 1) % VOCABULARY, *tokens[18:39]]
    expect_equal(
        match(logits, [bringing(wrong, sampling=sampling)]),
        [tokens[:18]],
        asked="the 18 tokens that come one by one: guesses change how many come in a step, and never which",
        case=f"39 guesses, the 18th is wrong; {sampling}",
    )


@pytest.mark.task("13.3")
def test_each_row_keeps_its_manners_and_its_seed():
    starts, counts = [30, 2, 11, 4, 19, 2], [3, 0, 5, 2, 1, 4]
    logits = [some_logits(1 + count, seed=40 + row) for row, count in enumerate(counts)]
    alone = [chosen_one_by_one(mine, start, own) for mine, start, own in zip(logits, starts, MANNERS, strict=True)]
    works = [
        bringing(alone[row][: counts[row]], name="fbdace"[row], slot=5 - row, start=starts[row], sampling=own)
        for row, own in enumerate(MANNERS)
    ]
    expect_equal(
        match(mx.concatenate(logits), works),
        alone,
        asked="each row's tokens as sample_batch draws them one by one: greedy, top-k and top-p rows in one batch",
        case=f"six rows that begin at {starts} and make {counts} guesses, all right, each with parameters of its own",
    )


@pytest.mark.task("13.3")
@settings(max_examples=60)
@given(data=st.data())
def test_neighbours_guesses_change_nothing(data: st.DataObject):
    rows = data.draw(st.integers(1, 5))
    counts = data.draw(st.lists(st.integers(0, 4), min_size=rows, max_size=rows))
    starts = data.draw(st.lists(st.integers(0, 30), min_size=rows, max_size=rows))
    right = data.draw(st.lists(st.integers(0, 4), min_size=rows, max_size=rows))
    works, logits, expected = [], [], []
    for row in range(rows):
        mine = some_logits(1 + counts[row], seed=100 + row)
        tokens = chosen_one_by_one(mine, starts[row], MANNERS[row])
        guesses = [token if at < right[row] else token + 1 for at, token in enumerate(tokens[:-1])]
        works.append(bringing(guesses, name=f"r{row}", slot=row, start=starts[row], sampling=MANNERS[row]))
        logits.append(mine)
        expected.append(tokens[: min(right[row], counts[row]) + 1])
    order = data.draw(st.permutations(range(rows)))
    expect_equal(
        match(mx.concatenate([logits[row] for row in order]), [works[row] for row in order]),
        [expected[row] for row in order],
        asked="each row's tokens are those that it would get alone, as far as its own guesses are right",
        case=f"rows {list(order)} in this order; of rows 0, 1, …: guesses {counts}, right ones {right}, "
        f"starts {starts}, their parameters each their own",
    )


# Task 13.4

GRID = 24  # probabilities are multiples of 1 / 24, so that all that is decided at borders is decided at known ones


def shares(*parts: int) -> np.ndarray:
    """Probabilities: so many 24ths each."""
    assert sum(parts) == GRID
    return np.array(parts, dtype=float) / GRID


DRAFT_AND_TARGET = {
    "the-draft-says-too-much": (shares(12, 8, 4), shares(6, 8, 10)),
    "equal": (shares(12, 8, 4), shares(12, 8, 4)),
    "disjoint": (shares(12, 12, 0, 0), shares(0, 0, 6, 18)),
    "a-sure-guess": (shares(0, 24, 0), shares(6, 12, 6)),
    "a-sure-guess-that-is-impossible": (shares(0, 24, 0), shares(8, 0, 16)),
    "a-sure-target": (shares(8, 12, 4), shares(0, 0, 24)),
    "a-token-that-only-the-target-has": (shares(12, 12, 0), shares(6, 6, 12)),
    "a-token-that-only-the-draft-has": (shares(8, 8, 8), shares(12, 12, 0)),
    "two-tokens": (shares(16, 8), shares(8, 16)),
    "reversed": (shares(2, 4, 6, 12), shares(12, 6, 4, 2)),
}


def borders_of(*tables: np.ndarray) -> list[float]:
    """Where a uniform number may change what is chosen: sorted, from 0 to 1."""
    found = {0.0, 1.0}
    for table in tables:
        found |= {float(each) for each in table if 0 < each < 1}
    inside = sorted(found)
    return [a for a, b in zip(inside, [*inside[1:], 2.0], strict=True) if b - a > 1e-12]


def pieces_of(borders: Sequence[float]) -> list[tuple[float, float]]:
    """The middle and the length of each piece between borders."""
    return [((a + b) / 2, b - a) for a, b in pairwise(borders)]


def left_over(target: np.ndarray, draft: np.ndarray) -> np.ndarray:
    """The residual, said once more, for the borders only."""
    more = np.clip(target - draft, 0, None)
    return more / more.sum() if more.sum() else target


def choosing_pieces(target: np.ndarray, draft: np.ndarray | None) -> list[tuple[float, float]]:
    """The pieces of the choosing number in which neither the target nor the residual changes its mind."""
    tables = [np.cumsum(target)] + ([] if draft is None else [np.cumsum(left_over(target, draft))])
    return pieces_of(borders_of(*tables))


def accepting_pieces(target: np.ndarray, draft: np.ndarray, guess: int) -> list[tuple[float, float]]:
    """The pieces of the accepting number in which a guess is accepted or not."""
    return pieces_of(borders_of(np.array([target[guess] / draft[guess]])))


def integrated(target: np.ndarray, draft: np.ndarray) -> dict[tuple[int, ...], float]:
    """With which probability `accept` returns each list of tokens, over all guesses and all uniform numbers.

    target: (k + 1, V), draft: (k, V), and the same at every place, whatever came before it.
    """
    found: dict[tuple[int, ...], float] = {}
    places, vocabulary = draft.shape
    last = choosing_pieces(target[-1], None)
    for guesses in product(range(vocabulary), repeat=places):
        said = float(np.prod([draft[place, guess] for place, guess in enumerate(guesses)]))
        if said == 0:
            continue
        axes: list[list[tuple[float, float]]] = []
        for place, guess in enumerate(guesses):
            axes += [accepting_pieces(target[place], draft[place], guess), choosing_pieces(target[place], draft[place])]
        for point in product(*axes, last):
            weight = said * float(np.prod([length for _, length in point]))
            numbers = [middle for middle, _ in point]
            draws = [(numbers[2 * place], numbers[2 * place + 1]) for place in range(places)]
            tokens = tuple(accept(target, draft, list(guesses), [*draws, (0.5, numbers[-1])]))
            found[tokens] = found.get(tokens, 0.0) + weight
    return found


def beginning_with(found: dict[tuple[int, ...], float], tokens: Sequence[int], later: np.ndarray) -> float:
    """The probability that an answer begins so; where fewer tokens came, the rest is drawn as `later` says, (n, V)."""
    total = 0.0
    for got, weight in found.items():
        if got[: len(tokens)] == tuple(tokens[: len(got)]):
            rest = range(len(got), len(tokens))
            total += weight * float(np.prod([later[place, tokens[place]] for place in rest]))
    return total


def expect_table(got: Sequence[float], expected: Sequence[float], *, asked: str, case: str) -> None:
    """Fail unless each number is within 1e-12 of what is expected."""
    ok = len(got) == len(expected) and all(abs(a - b) < 1e-12 for a, b in zip(got, expected, strict=True))
    expect_true(
        ok,
        asked=asked,
        case=case,
        got=str([float(f"{each:.6g}") for each in got]),
        expected=str([float(f"{each:.6g}") for each in expected]),
    )


def in_24ths(table: np.ndarray) -> str:
    return " ".join(f"{each * GRID:.3g}" for each in table)


@pytest.mark.task("13.4")
@pytest.mark.parametrize("pair", DRAFT_AND_TARGET, ids=str)
def test_the_residual_is_what_the_target_has_more_of(pair: str):
    draft, target = DRAFT_AND_TARGET[pair]
    given = target.copy(), draft.copy()
    expect_table(
        np.asarray(residual(target, draft)).tolist(),
        left_over(target, draft).tolist(),
        asked="max(target − draft, 0), scaled so that it adds up to 1; the target if nothing is left",
        case=f"target {in_24ths(target)}, draft {in_24ths(draft)} (24ths)",
    )
    expect_equal((target, draft), given, asked="(target, draft): what was given is left as it was", case="the same")


@pytest.mark.task("13.4")
@pytest.mark.parametrize("pair", DRAFT_AND_TARGET, ids=str)
def test_the_first_token_is_distributed_as_the_target_says(pair: str):
    draft, target = DRAFT_AND_TARGET[pair]
    behind = shares(*([0] * (len(target) - 2)), 6, 18)
    found = integrated(np.stack([target, behind]), draft[None])
    expect_table(
        [beginning_with(found, [token], behind[None]) for token in range(len(target))],
        target.tolist(),
        asked="with which probability the first token is 0, 1, …: what the target says, exactly",
        case=f"one guess; target {in_24ths(target)}, draft {in_24ths(draft)} (24ths); "
        "every guess and every piece of the two uniform numbers, weighted",
    )


@pytest.mark.task("13.4")
@pytest.mark.parametrize("pair", DRAFT_AND_TARGET, ids=str)
def test_a_guess_is_accepted_as_often_as_can_be(pair: str):
    draft, target = DRAFT_AND_TARGET[pair]
    found = integrated(np.stack([target, target]), draft[None])
    expect_table(
        [sum(weight for got, weight in found.items() if len(got) == 2)],
        [float(np.minimum(draft, target).sum())],
        asked="how often a guess is accepted: the sum of what both have in common, min(target, draft)",
        case=f"one guess; target {in_24ths(target)}, draft {in_24ths(draft)} (24ths)",
    )


@pytest.mark.task("13.4")
@pytest.mark.parametrize("guesses", [2, 3])
def test_pairs_of_tokens_are_distributed_as_the_target_says(guesses: int):
    target = np.stack([shares(6, 8, 10), shares(16, 2, 6), shares(0, 18, 6), shares(12, 8, 4)])[: guesses + 1]
    draft = np.stack([shares(12, 8, 4), shares(4, 8, 12), shares(8, 8, 8)])[:guesses]
    found = integrated(target, draft)
    pairs = list(product(range(3), repeat=2))
    expect_table(
        [beginning_with(found, pair, target) for pair in pairs],
        [float(target[0, first] * target[1, second]) for first, second in pairs],
        asked="with which probability the first two tokens are 0 0, 0 1, …: what the target says, exactly",
        case=f"{guesses} guesses, target and draft different at each place; where one token came, "
        "the second is drawn from the target in the next step",
    )


@pytest.mark.task("13.4")
def test_behind_accepted_guesses_one_more_is_drawn_from_the_target():
    target = np.stack([shares(0, 24, 0), shares(0, 0, 24), shares(6, 12, 6)])
    draft = np.stack([shares(8, 8, 8), shares(8, 8, 8)])
    numbers = [0.0, 0.2499, 0.2501, 0.7499, 0.7501, 0.9999]
    expect_equal(
        [accept(target, draft, [1, 2], [(0.5, 0.5), (0.5, 0.5), (0.9999, number)]) for number in numbers],
        [[1, 2, 0], [1, 2, 0], [1, 2, 1], [1, 2, 1], [1, 2, 2], [1, 2, 2]],
        asked="both guesses, and the token at which the target's summed probabilities pass the last second number",
        case=f"two guesses that the target is sure of; behind them it says ¼ ½ ¼; the last second number is {numbers}",
    )


@pytest.mark.task("13.4")
def test_without_guesses_one_token_is_drawn_from_the_target():
    target = shares(6, 12, 6)[None]
    expect_equal(
        [accept(target, target[:0], [], [(0.99, number)]) for number in (0.1, 0.5, 0.9)],
        [[0], [1], [2]],
        asked="one token, drawn from the target with the second number",
        case="no guesses; target ¼ ½ ¼; second numbers 0.1, 0.5, 0.9",
    )


@pytest.mark.task("13.4")
def test_exactly_at_the_border_a_guess_is_refused():
    target, draft = np.stack([shares(6, 18), shares(24, 0)]), shares(12, 12)[None]
    expect_equal(
        [accept(target, draft, [0], [(number, 0.3), (0.5, 0.5)]) for number in (0.5 - 2**-40, 0.5, 0.5 + 2**-40)],
        [[0, 0], [1], [1]],
        asked="accepted if the first number is below target / draft: numbers from 0 to below it are just so many",
        case="target / draft is exactly ½; the first number just below it, ½, just above",
    )


@pytest.mark.task("13.4")
def test_what_the_target_never_says_is_never_accepted():
    target, draft = np.stack([shares(0, 24), shares(24, 0)]), shares(24, 0)[None]
    expect_equal(
        accept(target, draft, [0], [(0.0, 0.0), (0.0, 0.0)]),
        [1],
        asked="a guess with probability 0 in the target is refused, and the residual has no such token either",
        case="target 0 1, draft 1 0; all numbers are 0.0, the smallest that there is",
    )


@pytest.mark.task("13.4")
def test_where_both_are_equal_nothing_is_refused():
    same = shares(12, 8, 4)
    target, draft = np.stack([same, same]), same[None]
    expect_equal(
        [accept(target, draft, [guess], [(1 - 2**-53, 0.0), (0.0, 0.9)]) for guess in range(3)],
        [[0, 2], [1, 2], [2, 2]],
        asked="the guess, and one more",
        case="target and draft are equal; the first number is 1 − 2⁻⁵³, the largest that there is",
    )


@pytest.mark.task("13.4")
def test_every_place_has_numbers_of_its_own():
    target = np.stack([shares(12, 12)] * 4)
    draft = np.stack([shares(24, 0)] * 3)
    case = "target ½ ½ everywhere; three guesses of token 0, of which the draft is sure"
    for refused in range(3):
        draws = [(0.25, 0.75), (0.25, 0.75), (0.25, 0.75), (0.25, 0.25)]
        draws[refused] = (0.75, 0.0)
        expect_equal(
            accept(target, draft, [0, 0, 0], draws),
            [0] * refused + [1],
            asked="the guesses before the first refused one, and one from the residual: nothing behind it",
            case=f"{case}; guess {refused + 1} is refused",
        )
    expect_equal(
        accept(target, draft, [0, 0, 0], [(0.25, 0.75)] * 3 + [(0.75, 0.25)]),
        [0, 0, 0, 0],
        asked="three guesses, and one more, drawn with the last place's second number",
        case=f"{case}; none is refused",
    )


@pytest.mark.task("13.4")
def test_a_sure_guess_that_the_target_shares_is_kept():
    greedy_logits = some_logits(4, seed=3)
    said = mx.argmax(greedy_logits, axis=-1).tolist()
    works = [
        bringing(said[:3], name="right"),
        bringing([said[0], (said[1] + 1) % VOCABULARY, said[2]], name="wrong", slot=1),
        bringing([], name="none", slot=2),
    ]
    expect_equal(
        Rejection(lambda work: None)(mx.concatenate([greedy_logits, greedy_logits, greedy_logits[:1]]), works),
        [said, said[:2], said[:1]],
        asked="at temperature 0: the guesses that are the most likely tokens, and one more",
        case="three rows, guesses that are all right; the second wrong; none",
    )


@pytest.mark.task("13.4")
def test_a_rows_draws_do_not_depend_on_its_neighbours():
    starts, counts = [30, 2, 11, 4, 19, 2], [3, 0, 5, 2, 1, 4]
    logits = [some_logits(1 + count, seed=60 + row) for row, count in enumerate(counts)]
    works = [
        bringing([2, 7, 2, 0, 5][:count], name="fbdace"[row], slot=5 - row, start=starts[row], sampling=MANNERS[row])
        for row, count in enumerate(counts)
    ]
    choose = Rejection(lambda work: None)
    alone = [choose(mine, [work])[0] for mine, work in zip(logits, works, strict=True)]
    for order in ([0, 1, 2, 3, 4, 5], [5, 3, 1, 0, 2, 4]):
        expect_equal(
            choose(mx.concatenate([logits[row] for row in order]), [works[row] for row in order]),
            [alone[row] for row in order],
            asked="the same tokens as alone, whoever guesses beside it, and in whatever order",
            case=f"six rows, greedy, top-k and top-p ones, with {counts} guesses; in the order {order}",
        )


@pytest.mark.task("13.4")
@pytest.mark.parametrize("sampling", [MANNERS[0], MANNERS[1], MANNERS[4]], ids=["greedy", "all", "top-k-and-top-p"])
def test_answers_with_drawn_guesses_are_distributed_as_without(sampling: SamplingParams):
    """Integrated by counting: rows that differ in their seed only, with guesses drawn as a draft draws them."""
    rows, logits = 1500, some_logits(2, seed=8)
    draft = probabilities(some_logits(1, seed=9), [SamplingParams(temperature=2.0)])
    guessed, works = [], []
    for seed in range(rows):
        own = SamplingParams(sampling.temperature, sampling.top_k, sampling.top_p, seed)
        reached = np.cumsum(draft[0])
        guessed.append(int((reached > three_draws(seed, 6)[0] * reached[-1]).argmax()))
        works.append(bringing(guessed[-1:], name=str(seed), sampling=own))
    got = Rejection(lambda work: draft)(mx.concatenate([logits] * rows), works)
    expected = probabilities(logits[:1], [sampling])[0]
    counted = np.bincount([tokens[0] for tokens in got], minlength=VOCABULARY) / rows
    slack = 5 * np.sqrt(expected * (1 - expected) / rows)
    expect_true(
        bool((np.abs(counted - expected) <= slack + 1e-12).all()),
        asked="how often the first token is 0, 1, …: as the target says, within five standard deviations",
        case=f"{rows} seeds, one guess each, drawn from another model at temperature 2; {sampling}",
        got=str(counted.round(3).tolist()),
        expected=f"about {expected.round(3).tolist()}",
    )


@pytest.mark.task("13.4")
def test_a_draft_that_says_the_same_is_always_believed():
    """A draft that remembers from what it drew, and a target with the same logits: everything is accepted."""
    model = tiny_random(seed=5)
    runner = DrawingRunner(model, max_running=3, max_seq_len=32)
    logits = mx.array(np.random.default_rng(2).standard_normal((9, 20)).astype(np.float32) * 2)
    works = []
    for row, sampling in enumerate(MANNERS[1:4]):
        tokens = [9]
        for place in range(2):
            one = Work(f"r{row}", row, 5 + place, tokens[-1:], 1, sampling)
            tokens += runner.choose(logits[3 * row + place : 3 * row + place + 1], [one])[f"r{row}"]
        works.append(Work(f"r{row}", row, 5, tokens, 3, sampling))
    got = Rejection(runner.said)(logits, works)
    expect_equal(
        [tokens[:2] for tokens in got],
        [list(work.tokens[1:]) for work in works],
        asked="both guesses of each row are accepted: target and draft are equal",
        case="three rows, two guesses each, drawn by a DrawingRunner from the logits that the target has too",
    )
    expect_equal([len(tokens) for tokens in got], [3] * 3, asked="and one token more each", case="the same")


# Task 13.6

FEW = ModelShape(
    "toy", layers=3, width=20, query_heads=6, kv_heads=2, head_dim=5, ffn_width=7, vocab=11, weight_bytes=2, kv_bytes=2
)


def box(flops: float = 1e6, bandwidth: float = 1e6) -> Hardware:
    return Hardware("a test machine", flops, bandwidth, 1e9)


@pytest.mark.task("13.6")
@pytest.mark.parametrize(
    ("acceptance", "guesses", "tokens"),
    [
        (0.0, 0, 1.0),
        (0.0, 5, 1.0),
        (1.0, 0, 1.0),
        (1.0, 5, 6.0),
        (0.5, 0, 1.0),
        (0.5, 1, 1.5),
        (0.5, 3, 1.875),
        (0.8, 2, 2.44),
        (0.9, 4, 4.0951),
    ],
)
def test_how_many_tokens_a_step_makes(acceptance: float, guesses: int, tokens: float):
    expect_close(
        expected_tokens(acceptance, guesses),
        tokens,
        asked="tokens a step: one for certain, and each guess if it and all before it come true",
        case=f"each of {guesses} guesses comes true with probability {acceptance}",
    )


@pytest.mark.task("13.6")
@given(acceptance=st.floats(0, 1), guesses=st.integers(0, 6))
def test_tokens_are_the_mean_over_all_that_can_happen(acceptance: float, guesses: int):
    mean = sum(
        acceptance**right * (1 - acceptance if right < guesses else 1) * (right + 1) for right in range(guesses + 1)
    )
    expect_close(
        expected_tokens(acceptance, guesses),
        mean,
        rel=1e-9,
        asked="the mean of right + 1 over all numbers of right guesses",
        case=f"acceptance {acceptance}, {guesses} guesses",
    )


@pytest.mark.task("13.6")
@pytest.mark.parametrize(
    "flops", [1e3, 1e5, 1e6, 1e9], ids=["compute", "compute-a-little", "memory-a-little", "memory"]
)
@pytest.mark.parametrize("batch", [1, 8])
def test_without_guesses_a_step_costs_what_it_did(flops: float, batch: int):
    hardware = box(flops=flops)
    expect_close(
        verify_seconds(FEW, hardware, batch, 100, 0),
        decode_step_cost(FEW, hardware, batch, 100).seconds,
        asked="no guesses: the seconds of Day 1's decode_step_cost",
        case=f"{batch} rows of 100 positions, {flops:g} operations and 1e6 bytes a second",
    )


@pytest.mark.task("13.6")
def test_guesses_are_free_where_memory_is_waited_for():
    hardware = box(flops=1e15, bandwidth=1000.0)
    expect_close(
        verify_seconds(FEW, hardware, 4, 100, 7),
        (FEW.total_weight_bytes + 400 * kv_bytes_per_token(FEW)) / 1000,
        asked="weights and caches are read once, however many guesses look at them",
        case="4 rows of 100 positions, 7 guesses each, on a machine that computes at once",
    )


@pytest.mark.task("13.6")
def test_every_guess_is_computed_as_a_token_is():
    hardware = box(flops=1000.0, bandwidth=1e15)
    expect_close(
        verify_seconds(FEW, hardware, 4, 100, 7),
        8 * decode_step_cost(FEW, hardware, 4, 100).flops / 1000,
        asked="operations: 8 times those of a step without guesses, in the layers and in attention",
        case="4 rows of 100 positions, 7 guesses each, on a machine that reads at once",
    )


@pytest.mark.task("13.6")
def test_the_slower_of_the_two_sets_the_time():
    one = decode_step_cost(FEW, box(), 2, 50)
    even = box(flops=4 * one.flops, bandwidth=one.bytes)  # with 3 guesses, both take exactly a second
    expect_equal(
        [round(verify_seconds(FEW, even, 2, 50, guesses), 9) for guesses in range(6)],
        [1.0, 1.0, 1.0, 1.0, 1.25, 1.5],
        asked="seconds with 0 to 5 guesses: flat up to where computing takes as long as reading, and rising from there",
        case="a machine on which reading takes 1 s, and computing ¼ s for each token of a row",
    )


@pytest.mark.task("13.6")
@pytest.mark.parametrize("acceptance", [0.6, 0.95])
def test_as_many_guesses_as_are_free(acceptance: float):
    one = decode_step_cost(FEW, box(), 2, 50)
    even = box(flops=4 * one.flops, bandwidth=one.bytes)
    expect_equal(
        best_guesses(FEW, even, 2, 50, acceptance, most=8),
        3,
        asked="guess while it costs nothing; beyond that, a guess costs as much as it can bring, or more",
        case=f"three guesses are free, each further one takes ¼ of a step; acceptance {acceptance}",
    )


@pytest.mark.task("13.6")
def test_of_equally_good_numbers_the_fewest():
    free, dear = box(flops=1e15), box(flops=1.0, bandwidth=1e15)
    expect_equal(
        [
            best_guesses(FEW, free, 1, 50, 0.0),
            best_guesses(FEW, dear, 1, 50, 0.9),
            best_guesses(FEW, free, 1, 50, 0.9, most=0),
        ],
        [0, 0, 0],
        asked="no guesses: they bring nothing; they cost more than they bring; none is allowed",
        case="free guesses that never come true; guesses that cost a whole token; most = 0",
    )


@pytest.mark.task("13.6")
@pytest.mark.parametrize("most", [0, 1, 7, 16])
def test_no_more_guesses_than_most(most: int):
    expect_equal(
        best_guesses(FEW, box(flops=1e15), 1, 50, 0.9, most=most),
        most,
        asked="where each guess is free and may come true, as many as are allowed",
        case=f"most = {most}",
    )


@pytest.mark.task("13.6")
def test_the_more_rows_the_fewer_guesses():
    one = decode_step_cost(FEW, box(), 1, 1)
    even = box(flops=17 * one.flops, bandwidth=one.bytes)
    found = [best_guesses(FEW, even, batch, 1, 0.8) for batch in (1, 2, 4, 8, 16, 64)]
    expect_true(
        found == sorted(found, reverse=True) and found[0] > found[2] > found[-1] == 0,
        asked="fewer and fewer guesses, and none in the end: rows use up what is free",
        case="1, 2, 4, 8, 16, 64 rows; a row alone waits for memory 16 of 17 times as long as it computes",
        got=str(found),
        expected="falling to 0",
    )


@pytest.mark.task("13.6")
def test_what_the_draft_costs_counts():
    free = box(flops=1e15, bandwidth=1000.0)
    step = verify_seconds(FEW, free, 1, 50, 0)
    prices = (0.0, 0.05, 0.2, 0.5, 0.85, 1.0)
    found = [best_guesses(FEW, free, 1, 50, 0.8, draft_seconds=share * step) for share in prices]
    expect_equal(
        found,
        [max(range(17), key=lambda count: expected_tokens(0.8, count) / (1 + count * share)) for share in prices],
        asked="tokens over verify_seconds + guesses × draft_seconds: the dearer the draft, the fewer guesses",
        case=f"a guess is free to check, and costs {prices} of a step to make; acceptance 0.8",
    )
    rows = [best_guesses(FEW, free, batch, 1, 0.8, draft_seconds=0.2 * step) for batch in (1, 2)]
    expect_equal(
        rows[0], rows[1], asked="the same for 1 row and for 2: all rows guess together", case="contexts of 1 position"
    )


# Task 13.7


def prices(*seen: tuple[int, float], into: StepPrices | None = None) -> StepPrices:
    """Prices of which these were seen: (tokens, seconds), in this order."""
    found = StepPrices() if into is None else into
    for tokens, seconds in seen:
        found.observe(tokens, seconds)
    return found


@pytest.mark.task("13.7")
def test_before_any_step_was_seen_its_price_is_nought():
    found = StepPrices()
    expect_equal([found.of(1), found.of(99)], [0.0, 0.0], asked="0 seconds", case="no step was seen")


@pytest.mark.task("13.7")
@pytest.mark.parametrize(
    ("tokens", "seconds"),
    [(1, 3.0), (3, 3.0), (4, 3.0), (5, 3.5), (7, 4.5), (8, 5.0), (9, 6.0), (12, 9.0), (13, 9.0), (500, 9.0)],
)
def test_between_two_sizes_the_price_is_on_a_straight_line(tokens: int, seconds: float):
    expect_close(
        prices((8, 5.0), (12, 9.0), (4, 3.0)).of(tokens),
        seconds,
        asked="seen: what was seen; between: a straight line; beyond the smallest and the largest: as many as these",
        case=f"steps of 8, 12 and 4 tokens lasted 5, 9 and 3 s; a step of {tokens}",
    )


@pytest.mark.task("13.7")
def test_a_price_may_fall():
    found = prices((2, 6.0), (10, 2.0))
    expect_equal(
        [round(found.of(tokens), 9) for tokens in (2, 4, 8, 10, 20)],
        [6.0, 5.0, 3.0, 2.0, 2.0],
        asked="a straight line, whichever way it goes",
        case="steps of 2 tokens lasted 6 s, of 10 tokens 2 s",
    )


@pytest.mark.task("13.7")
@pytest.mark.parametrize("tokens", [1, 4, 100])
def test_one_size_is_the_price_of_all(tokens: int):
    expect_close(prices((4, 3.0)).of(tokens), 3.0, asked="the one price there is", case=f"a step of {tokens}")


@pytest.mark.task("13.7")
def test_a_step_that_was_held_up_does_not_count():
    seen = [(4, 3.0), (4, 3.2), (4, 90.0), (4, 3.1), (4, 3.3), (8, 5.0)]
    found = prices(*seen)
    expect_equal(
        [round(found.of(tokens), 9) for tokens in (2, 4, 6)],
        [3.2, 3.2, 4.1],
        asked="the median of what steps of a size lasted: the machine may have been busy with something else",
        case="steps of 4 tokens lasted 3.0, 3.2, 90, 3.1 and 3.3 s, one of 8 lasted 5 s; steps of 2, 4 and 6 tokens",
    )


@pytest.mark.task("13.7")
def test_what_is_long_past_does_not_count():
    found = prices(*[(4, 100.0)] * 50, *[(4, 3.0)] * (KEPT // 2 + 1))
    expect_close(found.of(4), 3.0, asked="the median of the last KEPT", case="50 steps of 100 s, then 4 of 3 s")


@pytest.mark.task("13.7")
@pytest.mark.parametrize(
    ("guesses", "right", "acceptance"),
    [
        (4, 4, (0.9 + 4) / (1.8 + 4)),
        (4, 3, (0.9 + 3) / (1.8 + 4)),
        (4, 2, (0.9 + 2) / (1.8 + 3)),
        (4, 0, 0.9 / (1.8 + 1)),
        (1, 1, (0.9 + 1) / (1.8 + 1)),
        (1, 0, 0.9 / (1.8 + 1)),
    ],
    ids=["all-of-4", "3-of-4", "2-of-4", "none-of-4", "1-of-1", "none-of-1"],
)
def test_what_is_learned_of_guesses(guesses: int, right: int, acceptance: float):
    record = Record(0.5)
    record.judge(guesses, right)
    expect_close(
        record.acceptance,
        acceptance,
        asked="right ones over those that were looked at: the right ones and the first wrong one; what was known "
        "before (1 of 2) counts FORGET times as much",
        case=f"usual 0.5; {right} of {guesses} guesses came true",
    )


@pytest.mark.task("13.7")
def test_what_is_usual_is_soon_forgotten():
    for usual in (0.01, 0.99):
        record = Record(usual)
        for _ in range(100):
            record.judge(4, 2)
        expect_close(
            record.acceptance,
            2 / 3,
            rel=1e-3,
            asked="two right and one wrong, again and again: 2 of 3, whatever was expected",
            case=f"usual {usual}; 100 times 2 of 4 guesses come true",
        )


@pytest.mark.task("13.7")
def test_acceptance_follows_what_happens():
    record = Record(0.6)
    for _ in range(40):
        record.judge(4, 4)
    high = record.acceptance
    for _ in range(20):
        record.judge(4, 0)
    expect_true(
        high > 0.95 and record.acceptance < 0.4,
        asked="old guesses count less and less: more than 0.95 at first, less than 0.4 in the end",
        case="40 times all of 4 guesses come true, then 20 times none",
        got=f"{high:.3f}, then {record.acceptance:.3f}",
    )


def decoders(*names: str) -> list[Request]:
    return [Request(name, [1, 2], 1000) for name in names]


def plan_of(requests: Sequence[Request], counts: Sequence[int]) -> StepPlan:
    """A step in which each brings its token and so many guesses."""
    return StepPlan(
        tuple(
            Work(request.id, slot, 7, [5] * (1 + count), 1 + count, GREEDY)
            for slot, (request, count) in enumerate(zip(requests, counts, strict=True))
        )
    )


def measuring(
    most: int = 8,
    *,
    plain: Sequence[tuple[int, float]] = (),
    guessing: Sequence[tuple[int, float]] = (),
    **options: Any,
) -> MeasuredGuesses:
    """A control that has seen what steps cost: (tokens, seconds), without guesses and with."""
    control = MeasuredGuesses(most, clock=VirtualClock(), **options)
    prices(*plain, into=control.plain)
    prices(*guessing, into=control.guessing)
    return control


@pytest.mark.task("13.7")
def test_a_step_lasts_from_its_allotment_to_its_success():
    clock = VirtualClock(40.0)
    control = MeasuredGuesses(clock=clock)
    rows = decoders("b", "a", "c")
    for counts, draft, model in (([0, 0, 0], 0.0, 2.0), ([2, 0, 3], 0.75, 2.5)):
        clock.advance(100.0)  # nobody asked for a step meanwhile
        control.allot(rows, 50)
        clock.advance(draft)
        clock.advance(model)
        control.stepped(plan_of(rows, counts))
    clock.advance(100.0)
    expect_equal(
        (control.plain.of(3), control.guessing.of(8)),
        (2.0, 3.25),
        asked="(price of 3 tokens without guesses, of 8 tokens with): the draft's time is in the price",
        case="3 rows: a step without guesses lasts 2 s; one with 5 guesses takes 0.75 s to guess and 2.5 s to check; "
        "100 s go by before, between and behind them",
    )
    expect_equal(
        (control.plain.knows(8), control.guessing.knows(3), control.plain.knows(3), control.guessing.knows(8)),
        (False, False, True, True),
        asked="steps with guesses and without have prices of their own, under the number of all tokens that went "
        "through: whether known are (8 without, 3 with, 3 without, 8 with)",
        case="the same",
    )


@pytest.mark.task("13.7")
@pytest.mark.parametrize(
    "reading",
    [Work("p", 5, 0, [1] * 60, 1, GREEDY), Work("p", 5, 0, [1] * 60, 0, GREEDY), Work("p", 5, 0, [1, 1], 1, GREEDY)],
    ids=["a-prompt", "a-chunk", "two-tokens"],
)
@pytest.mark.parametrize("counts", [[0, 0], [2, 1]], ids=["without", "with"])
def test_a_step_in_which_prompts_are_read_is_no_price(reading: Work, counts: list[int]):
    clock = VirtualClock()
    control = MeasuredGuesses(clock=clock)
    rows = decoders("a", "b")
    control.allot(rows, 50)
    clock.advance(9.0)
    decoding = plan_of(rows, counts).work
    control.stepped(StepPlan((*decoding, reading)))
    control.stepped(StepPlan((decoding[0], reading, decoding[1])))
    expect_equal(
        [(control.plain.of(size), control.guessing.of(size)) for size in (2, 3, 5, 62, 65)],
        [(0.0, 0.0)] * 5,
        asked="(price without guesses, with): none was learned",
        case=f"two rows decode with {counts} guesses, and {len(reading.tokens)} tokens of a prompt are read with them",
    )


@pytest.mark.task("13.7")
def test_guesses_never_make_a_step_shorter():
    control = measuring(plain=[(4, 3.0)], guessing=[(6, 2.0), (10, 5.0)])
    expect_equal(
        [round(control.seconds(4, guesses), 9) for guesses in (0, 1, 2, 3, 4, 6)],
        [3.0, 3.0, 3.0, 3.0, 3.5, 5.0],
        asked="the price of a step without guesses; with some at least that, and that of rows + guesses tokens",
        case="4 rows; seen: 4 tokens without guesses 3 s; with guesses 6 tokens 2 s, 10 tokens 5 s",
    )


@pytest.mark.task("13.7")
def test_a_step_without_guesses_has_a_price_of_its_own():
    control = measuring(plain=[(4, 3.0)], guessing=[(5, 9.0)])
    expect_equal(
        [control.seconds(4, 0), control.seconds(4, 1)],
        [3.0, 9.0],
        asked="[seconds without guesses, with one]",
        case="4 rows; a step without guesses lasted 3 s, one with one guess 9 s",
    )


@pytest.mark.task("13.7")
def test_a_price_that_jumps_and_then_is_flat():
    control = measuring(8, plain=[(1, 1.0)], guessing=[(2, 2.0), (9, 2.0)], usual=0.9)
    expect_equal(
        control.allot(decoders("a"), 99),
        [8],
        asked="the best of all numbers: one guess does not pay, nor two, but eight do",
        case="one row, acceptance 0.9; without guesses a step lasts 1 s, with 1 to 8 of them 2 s",
    )


@pytest.mark.task("13.7")
def test_as_many_guesses_as_bring_the_most():
    control = measuring(8, plain=[(1, 1.0)], guessing=[(2, 1.0), (5, 1.0), (9, 5.0)], usual=0.8)
    expect_equal(
        control.allot(decoders("a"), 99),
        [4],
        asked="the number with the most tokens a second",
        case="one row, acceptance 0.8; up to 5 tokens a step lasts 1 s, and 1 s more for each further one",
    )


@pytest.mark.task("13.7")
def test_guesses_that_bring_just_what_they_cost_are_not_made():
    one = measuring(4, plain=[(1, 1.0)], guessing=[(2, 1.5), (3, 99.0)], usual=0.5)
    two = measuring(4, plain=[(1, 1.0)], guessing=[(2, 1.125), (3, 1.3125), (4, 99.0)], usual=0.5)
    expect_equal(
        (one.allot(decoders("a"), 9), two.allot(decoders("a"), 9)),
        ([0], [1]),
        asked="(no guess, one guess): of equally good choices, the fewest",
        case="one row, acceptance ½: one guess makes 1.5 tokens in 1.5 s; or 1.5 in 1.125 s, and two 1.75 in 1.3125 s",
    )


@pytest.mark.task("13.7")
@pytest.mark.parametrize("spare", [0, 1, 5, 6, 7, 100])
def test_no_more_than_there_is_room_for(spare: int):
    control = measuring(3, plain=[(2, 1.0)], guessing=[(4, 1.0), (8, 1.0)], usual=0.9)
    counts = list(control.allot(decoders("b", "a"), spare))
    expect_equal(
        (sum(counts), max(counts), counts[0] - counts[1] in (0, 1)),
        (min(spare, 6), min(3, (spare + 1) // 2), True),
        asked="(guesses in all, of one row, whether equal ones begin with the first row): at most `spare` and `most`",
        case=f"two rows with the same acceptance, guesses that cost nothing, most 3, spare {spare}",
    )


@pytest.mark.task("13.7")
def test_guesses_go_to_those_whose_guesses_come_true():
    control = measuring(4, plain=[(3, 1.0)], guessing=[(4, 1.0), (7, 1.0), (8, 9.0), (15, 9.0)])
    for _ in range(30):
        control.judged("m", 2, 0)
        control.judged("a", 2, 2)
        control.judged("z", 2, 1)
    expect_equal(
        [control.allot(decoders(*order), 99) for order in ("maz", "zma", "azm")],
        [[0, 4, 0], [0, 0, 4], [4, 0, 0]],
        asked="each request's own acceptance counts, wherever it stands: the guesses are a's",
        case="requests m, a and z: none of m's guesses comes true, all of a's, of z's one of two; "
        "4 guesses are free, more are dear",
    )


@pytest.mark.task("13.7")
def test_later_guesses_are_less_likely_than_first_ones():
    control = measuring(8, plain=[(2, 1.0)], guessing=[(3, 1.0), (7, 1.0), (8, 9.0), (18, 9.0)])
    for _ in range(60):
        control.judged("likely", 5, 4)
        control.judged("less", 2, 1)
    expect_equal(
        control.allot(decoders("less", "likely"), 99),
        [1, 4],
        asked="one at a time to whom it is the likeliest: 0.8, 0.64, 0.51 and then ½ of the other before 0.41",
        case="acceptance ½ and 0.8; 5 guesses are free, more are dear",
    )


@pytest.mark.task("13.7")
def test_no_step_is_more_than_twice_what_was_tried():
    control = MeasuredGuesses(8, usual=0.9, clock=VirtualClock())
    rows = decoders("c", "a", "b")
    prices((3, 1.0), into=control.plain)
    found = []
    for _ in range(4):
        found.append(sum(control.allot(rows, 99)))
        prices((3 + found[-1], 1.0), into=control.guessing)
    expect_equal(
        found,
        [3, 9, 21, 24],
        asked="guesses in all: steps of 6, 12, 24 and then 27 tokens, with `most` guesses each",
        case="three rows; a step of 3 tokens without guesses was seen, none with; then all that are tried cost nothing",
    )


@pytest.mark.task("13.7")
def test_a_clock_that_stands_still():
    control, rows, found = MeasuredGuesses(4, clock=VirtualClock()), decoders("a", "b"), []
    for _ in range(3):
        found.append(list(control.allot(rows, 9)))
        control.stepped(plan_of(rows, found[-1]))
    expect_equal(
        found,
        [[0, 0], [1, 1], [3, 3]],
        asked="counts, and no error: steps that seem to take no time are all alike, so guesses seem to be free",
        case="two rows, three steps, and the clock always says 0; the second step may have 4 tokens, the third 8",
    )


@pytest.mark.task("13.7")
def test_nobody_there():
    expect_equal(measuring(plain=[(0, 1.0)]).allot([], 9), [], asked="no counts", case="no request decodes")


@pytest.mark.task("13.7")
@settings(max_examples=150)
@given(data=st.data())
def test_no_choice_is_better(data: st.DataObject):
    rows = data.draw(st.integers(1, 3))
    most, spare = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 8))
    sizes = data.draw(st.lists(st.integers(rows + 1, rows * 4), min_size=1, max_size=4, unique=True))
    seen = [(size, data.draw(st.floats(0.5, 4))) for size in sizes]
    judged = data.draw(st.lists(st.tuples(st.integers(0, rows - 1), st.integers(1, 4), st.integers(0, 4)), max_size=12))
    control = measuring(most, plain=[(rows, 1.0)], guessing=seen)
    chances = acceptances(rows, [(row, guesses, min(right, guesses)) for row, guesses, right in judged])
    for row, guesses, right in judged:
        control.judged(f"r{row}", guesses, min(right, guesses))
    counts = control.allot([Request(f"r{row}", [1], 9) for row in range(rows)], spare)

    allowed = min(spare, 2 * max(rows, *sizes) - rows)
    speeds = {
        choice: sum(
            1 + sum(chance**place for place in range(1, count + 1))
            for chance, count in zip(chances, choice, strict=True)
        )
        / price_of(seen, rows, sum(choice))
        for choice in product(range(most + 1), repeat=rows)
        if sum(choice) <= allowed
    }
    best = max(speeds.values())
    case = f"acceptances {[round(chance, 3) for chance in chances]}, most {most}, spare {spare}; "
    case += f"{rows} tokens without guesses: 1 s, with guesses: {sorted(seen)}"
    got = tuple(counts)
    expect_true(
        speeds.get(got, 0) >= best * (1 - 1e-9),
        asked="no other choice makes more tokens a second",
        case=case,
        got=f"{got}: {speeds.get(got, 0):.6g} tokens/s",
        expected=f"{max(speeds, key=speeds.__getitem__)}: {best:.6g} tokens/s",
    )
    fewest = min(sum(choice) for choice, speed in speeds.items() if speed >= best * (1 + 1e-9) or choice == got)
    expect_equal(sum(got), fewest, asked="of equally good choices, the fewest guesses", case=case)


def acceptances(rows: int, judged: Sequence[tuple[int, int, int]], usual: float = 0.6) -> list[float]:
    """What a control should believe of each row after these judgements: (row, guesses, right)."""
    every = [2 * usual, 2.0]
    own: dict[int, list[float]] = {}
    for row, guesses, right in judged:
        mine = own.setdefault(row, [2 * every[0] / every[1], 2.0])
        for record in (mine, every):
            record[:] = [FORGET * record[0] + right, FORGET * record[1] + min(guesses, right + 1)]
    return [own.get(row, every)[0] / own.get(row, every)[1] for row in range(rows)]


def price_of(seen: Sequence[tuple[int, float]], rows: int, guesses: int) -> float:
    """What a step should be expected to last, if one without guesses lasts 1 s."""
    known = sorted(seen)
    sizes, seconds = [size for size, _ in known], [each for _, each in known]
    return max(1.0, float(np.interp(rows + guesses, sizes, seconds))) if guesses else 1.0


class Machine:
    """A pretended machine with a price list, requests whose guesses come true as they will, and a control."""

    def __init__(self, price: Callable[[int, int], float], control: MeasuredGuesses, clock: VirtualClock) -> None:
        """price: seconds of a step with so many rows, and so many guesses in all."""
        self.price, self.control, self.clock = price, control, clock
        self.random = np.random.default_rng(5)

    def serve(self, chances: dict[str, float], steps: int, suggested: float = 1.0) -> tuple[list[list[int]], float]:
        """Let requests decode whose guesses come true with these probabilities: (the allotments, tokens a second).

        suggested: with which probability a row that may guess knows any guesses.
        """
        rows, allotted, tokens, began = decoders(*chances), [], 0, self.clock.now()
        for _ in range(steps):
            allotted.append(list(self.control.allot(rows, 1000)))
            counts = [count if self.random.random() < suggested else 0 for count in allotted[-1]]
            self.clock.advance(self.price(len(rows), sum(counts)))
            self.control.stepped(plan_of(rows, counts))
            for (name, chance), count in zip(chances.items(), counts, strict=True):
                right = 0
                while right < count and self.random.random() < chance:
                    right += 1
                tokens += 1 + right
                if count:
                    self.control.judged(name, count, right)
        return allotted, tokens / (self.clock.now() - began)


def flat_then_rising(rows: int, guesses: int) -> float:
    """Reading the weights takes 1 s, and a token 1/16 s."""
    return max(1.0, (rows + guesses) / 16)


def machine_with(price: Callable[[int, int], float], most: int = 8) -> Machine:
    clock = VirtualClock()
    return Machine(price, MeasuredGuesses(most, clock=clock), clock)


def names(count: int) -> list[str]:
    """So many ids, whose order is not that of the alphabet."""
    return [f"r{7 * place % 101}" for place in range(count)]


def usual_count(allotted: Sequence[Sequence[int]]) -> float:
    """The median of how many guesses were made in all."""
    return float(np.median([sum(counts) for counts in allotted]))


@pytest.mark.task("13.7")
@pytest.mark.parametrize(("rows", "gain"), [(1, 5.0), (2, 4.0), (4, 2.6)])
def test_it_finds_what_is_free(rows: int, gain: float):
    machine = machine_with(flat_then_rising)
    machine.serve(dict.fromkeys(names(rows), 0.9), 100)
    allotted, speed = machine.serve(dict.fromkeys(names(rows), 0.9), 200)
    expect_true(
        speed > gain * rows,
        asked=f"at least {gain} times the tokens/s of no guessing, after 100 steps",
        case=f"{rows} rows whose guesses come true with 0.9; a step lasts 1 s up to 16 tokens, then 1/16 s a token",
        got=f"{speed / rows:.2f} times, usually with {usual_count(allotted):.0f} guesses",
    )


@pytest.mark.task("13.7")
@pytest.mark.parametrize("rows", [16, 32])
@pytest.mark.parametrize("chance", [0.0, 0.5, 0.8])
def test_where_a_guess_costs_a_token_it_is_turned_off(rows: int, chance: float):
    machine = machine_with(flat_then_rising)
    allotted, speed = machine.serve(dict.fromkeys(names(rows), chance), 300)
    plain = rows / flat_then_rising(rows, 0)
    expect_true(
        usual_count(allotted) == 0 and speed > 0.97 * plain,
        asked="usually no guesses, and at least 0.97 of the tokens/s of no guessing, tries and all",
        case=f"{rows} rows, 300 steps; guesses come true with {chance}, and cost as much as a token of another row",
        got=f"usually {usual_count(allotted):.0f} guesses, {speed / plain:.3f} of the tokens/s",
    )


@pytest.mark.task("13.7")
def test_where_nothing_comes_true_it_is_turned_off():
    machine = machine_with(lambda rows, guesses: 1.0 + 0.05 * guesses)
    allotted, speed = machine.serve(dict.fromkeys(names(3), 0.0), 300)
    expect_true(
        usual_count(allotted[20:]) == 0 and speed > 0.97 * 3,
        asked="no guesses, and at least 0.97 of the tokens/s of no guessing",
        case="3 rows, 300 steps; no guess ever comes true, and each costs 5% of a step",
        got=f"usually {usual_count(allotted[20:]):.0f} guesses, {speed / 3:.3f} of the tokens/s",
    )


def dearer_with_guesses(rows: int, guesses: int) -> float:
    """A token costs 1/20 s, but at least 1 s in all; to attend takes 1/80 s a token, and longer if any row guesses."""
    return max(1.0, (rows + guesses) / 20) + (1.2 * (rows + guesses) if guesses else rows) / 80


@pytest.mark.task("13.7")
@pytest.mark.parametrize(("rows", "suggested"), [(16, 0.2), (32, 0.02), (32, 0.2)])
def test_where_little_is_suggested_nothing_is_lost(rows: int, suggested: float):
    machine = machine_with(dearer_with_guesses)
    _, speed = machine.serve(dict.fromkeys(names(rows), 0.6), 400, suggested)
    plain = rows / dearer_with_guesses(rows, 0)
    expect_true(
        speed > 0.975 * plain,
        asked="at least 0.975 of the tokens/s of no guessing: guesses that nobody makes bring nothing, and the price "
        "of short steps is not that of long ones",
        case=f"{rows} rows, 400 steps; in each a row knows guesses with {suggested}, which come true with 0.6",
        got=f"{speed / plain:.3f} of the tokens/s",
    )


@pytest.mark.task("13.7")
def test_a_few_suggestions_that_are_good():
    machine = machine_with(dearer_with_guesses)
    _, speed = machine.serve(dict.fromkeys(names(4), 0.9), 400, 0.2)
    plain = 4 / dearer_with_guesses(4, 0)
    expect_true(
        speed > 1.7 * plain,
        asked="at least 1.7 times the tokens/s of no guessing",
        case="4 rows, 400 steps; in each a row knows guesses with 0.2, which come true with 0.9",
        got=f"{speed / plain:.3f} times",
    )


@pytest.mark.task("13.7")
def test_it_is_turned_on_again_when_it_pays():
    machine = machine_with(flat_then_rising)
    machine.serve(dict.fromkeys(names(16), 0.9), 200)
    few, _ = machine.serve(dict.fromkeys(names(2), 0.9), 100)
    many, _ = machine.serve(dict.fromkeys(names(16), 0.9), 100)
    expect_equal(
        (usual_count(few) >= 8, usual_count(many)),
        (True, 0.0),
        asked="(whether 2 rows guess, how much 16 do)",
        case="16 rows, then 2 of them, then 16 again; up to 16 tokens a step lasts 1 s",
    )
    machine = machine_with(lambda rows, guesses: 1.0 + 0.02 * guesses)
    machine.serve(dict.fromkeys(names(2), 0.0), 300)
    allotted, _ = machine.serve(dict.fromkeys(names(2), 0.9), 3 * LATEST)
    expect_true(
        usual_count(allotted[-SOONEST:]) >= 4,
        asked="guesses, once they come true",
        case=f"2 rows: nothing came true for 300 steps; then it does with 0.9, for {3 * LATEST} steps",
        got=f"usually {usual_count(allotted[-SOONEST:]):.0f}",
    )


@pytest.mark.task("13.7")
def test_a_request_that_quotes_among_others_that_do_not():
    machine = machine_with(lambda rows, guesses: 1.0 + 0.1 * guesses)
    chances = {"m": 0.0, "z": 0.0, "quotes": 0.95, "a": 0.0}
    machine.serve(chances, 60)
    allotted, _ = machine.serve(chances, 100)
    typical = np.median(np.array(allotted), axis=0).tolist()
    expect_true(
        typical[2] >= 3 and typical[0] == typical[1] == typical[3] == 0,
        asked="guesses for the third alone",
        case="four rows, of which the third's guesses come true with 0.95, the others' never; a guess costs 10%",
        got=f"usually {typical}",
    )
