"""Day 4 · A request's life: states, text that is never taken back, times, and sampling row by row."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch.request import FinishReason, IllegalTransition, Request, RequestState, successors
from tiny_batch.sampling import SamplingParams, sample_batch
from tiny_batch_kit.grading.expect import expect_close, expect_equal, expect_raises, expect_true
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.model.tokenizer import ByteTokenizer

WAITING, PREFILLING, DECODING, FINISHED = RequestState
BYTES = ByteTokenizer()
END = BYTES.eos_token_id


def pieces(*texts: str | bytes) -> Any:
    """A `decode` whose token i is the i-th piece: any text, or bytes that are half a character."""
    raw = [text.encode() if isinstance(text, str) else text for text in texts]

    def decode(tokens: Sequence[int]) -> str:
        return b"".join(raw[token] for token in tokens).decode(errors="replace")

    return decode


def decoding(max_tokens: int = 1000, **options: Any) -> Request:
    """A request that has read its prompt and gets tokens."""
    request = Request("r0", [1, 2, 3], max_tokens, **{"decode": BYTES.decode, "eos_token_ids": {END}, **options})
    request.advance(PREFILLING)
    request.advance(DECODING)
    return request


def feed(request: Request, tokens: Sequence[int]) -> list[str]:
    """Append tokens until the request is finished; return what each append showed."""
    shown = []
    for token in tokens:
        shown.append(request.append_token(token))
        if request.is_finished:
            break
    return shown


# Task 4.1


@pytest.mark.task("4.1")
@pytest.mark.parametrize("state", list(RequestState), ids=lambda state: state.value)
def test_the_table_says_what_may_follow(state: RequestState):
    table = {
        WAITING: {PREFILLING, FINISHED},
        PREFILLING: {DECODING, WAITING, FINISHED},
        DECODING: {WAITING, FINISHED},
        FINISHED: set[RequestState](),
    }
    expect_equal(
        sorted(each.value for each in successors(state)),
        sorted(each.value for each in table[state]),
        asked="the states that may follow",
        case=f"a request that is {state.value}",
    )


@pytest.mark.task("4.1")
def test_a_request_goes_through_its_life():
    request = Request("r0", [1, 2], 4)
    seen = [request.state]
    for state in (PREFILLING, DECODING, WAITING, PREFILLING, DECODING, FINISHED):
        request.advance(state)
        seen.append(request.state)
    expect_equal(
        [state.value for state in seen],
        ["waiting", "prefilling", "decoding", "waiting", "prefilling", "decoding", "finished"],
        asked="every legal step is taken",
        case="a request that runs, is sent back to the queue once, and runs again",
    )


@pytest.mark.task("4.1")
@pytest.mark.parametrize(
    ("path", "illegal"),
    [
        ([], DECODING),
        ([], WAITING),
        ([PREFILLING], PREFILLING),
        ([PREFILLING, DECODING], PREFILLING),
        ([PREFILLING, DECODING, FINISHED], WAITING),
        ([FINISHED], FINISHED),
    ],
    ids=lambda value: value.value if isinstance(value, RequestState) else "-".join(state.value for state in value),
)
def test_an_illegal_step_is_refused_and_changes_nothing(path: list[RequestState], illegal: RequestState):
    request = Request("r7", [1, 2], 4)
    for state in path:
        request.advance(state)
    before = request.state
    case = f"request r7 is {before.value} and shall become {illegal.value}"
    expect_raises(
        IllegalTransition,
        lambda: request.advance(illegal),
        asked="an IllegalTransition that names the request and both states",
        case=case,
        mentions=["r7", before.value, illegal.value],
    )
    expect_equal(request.state.value, before.value, asked="the state stays as it was", case=case)


# Task 4.2: how an answer ends


@pytest.mark.task("4.2")
def test_tokens_are_kept_in_order():
    request = decoding()
    feed(request, list(b"Hi!"))
    expect_equal(
        (request.tokens, request.text, request.state.value),
        (list(b"Hi!"), "Hi!", "decoding"),
        asked="(tokens, text, state)",
        case="three tokens, nothing ends the answer",
    )


@pytest.mark.task("4.2")
def test_eos_ends_the_answer_and_is_no_part_of_it():
    request = decoding()
    shown = feed(request, [*b"Hi", END])
    expect_equal(
        (request.tokens, "".join(shown), request.state.value, request.finish_reason),
        (list(b"Hi"), "Hi", "finished", FinishReason.EOS),
        asked="(tokens without EOS, text, state, reason)",
        case="tokens H, i, EOS",
    )


@pytest.mark.task("4.2")
def test_any_of_several_eos_tokens_ends_the_answer():
    request = decoding(eos_token_ids={7, 9})
    feed(request, [1, 9, 1])
    expect_equal(
        (request.tokens, request.finish_reason), ([1], FinishReason.EOS), asked="(tokens, reason)", case="EOS is 7 or 9"
    )


@pytest.mark.task("4.2")
def test_the_limit_ends_the_answer_with_its_last_token():
    request = decoding(max_tokens=3)
    shown = feed(request, list(b"Hello"))
    expect_equal(
        (request.tokens, "".join(shown), request.finish_reason),
        (list(b"Hel"), "Hel", FinishReason.LENGTH),
        asked="(tokens, text, reason): the answer ends with the token that reaches max_tokens",
        case="max_tokens 3, and five tokens to come",
    )


@pytest.mark.task("4.2")
def test_an_answer_may_end_with_its_first_token():
    one, none = decoding(max_tokens=1), decoding()
    feed(one, [65])
    feed(none, [END])
    expect_equal(
        [(one.tokens, one.finish_reason), (none.tokens, none.finish_reason)],
        [([65], FinishReason.LENGTH), ([], FinishReason.EOS)],
        asked="(tokens, reason)",
        case="max_tokens 1; and EOS as the first token",
    )


@pytest.mark.task("4.2")
def test_eos_after_the_last_allowed_token_is_not_asked_for():
    request = decoding(max_tokens=2)
    feed(request, [65, END])
    expect_equal(
        (request.tokens, request.finish_reason),
        ([65], FinishReason.EOS),
        asked="EOS does not count as a token: the answer has one, and ends with EOS, not with the limit",
        case="max_tokens 2; tokens A, EOS",
    )


@pytest.mark.task("4.2")
@pytest.mark.parametrize(
    "path", [[], [PREFILLING], [PREFILLING, DECODING, FINISHED]], ids=["waiting", "prefilling", "finished"]
)
def test_only_a_decoding_request_gets_tokens(path: list[RequestState]):
    request = Request("r7", [1, 2], 4)
    for state in path:
        request.advance(state)
    case = f"request r7 is {request.state.value} and gets a token"
    expect_raises(
        IllegalTransition, lambda: request.append_token(5), asked="an IllegalTransition", case=case, mentions=["r7"]
    )
    expect_equal(request.tokens, [], asked="the token is not kept", case=case)


# Task 4.2: stop strings


@pytest.mark.task("4.2")
def test_a_stop_string_ends_the_answer_before_it():
    request = decoding(stop=["END"])
    shown = feed(request, list(b"abENDcd"))
    expect_equal(
        ("".join(shown), request.text, request.finish_reason),
        ("ab", "ab", FinishReason.STOP),
        asked="(what was shown, text, reason): the stop string is no part of the text",
        case="stop string END; a token a byte: abENDcd",
    )


@pytest.mark.task("4.2")
def test_a_stop_string_within_a_token_is_found():
    request = decoding(stop=["END"], decode=pieces("so ", "theENDis near"))
    shown = feed(request, [0, 1])
    expect_equal(
        (shown, request.finish_reason),
        (["so ", "the"], FinishReason.STOP),
        asked="(what each token showed, reason)",
        case="stop string END; tokens 'so ' and 'theENDis near'",
    )


@pytest.mark.task("4.2")
def test_a_stop_string_across_tokens_is_found():
    request = decoding(stop=["<end>"], decode=pieces("a<", "en", "d> b"))
    shown = feed(request, [0, 1, 2])
    expect_equal(
        (shown, request.finish_reason),
        (["a", "", ""], FinishReason.STOP),
        asked="(what each token showed, reason): what may be the beginning of a stop string is held back",
        case="stop string <end>; tokens 'a<', 'en', 'd> b'",
    )


@pytest.mark.task("4.2")
def test_text_held_back_is_shown_when_it_turns_out_harmless():
    request = decoding(stop=["<end>"], decode=pieces("a<", "en", "ough"))
    expect_equal(
        feed(request, [0, 1, 2]),
        ["a", "", "<enough"],
        asked="what each token showed: the held text comes as soon as it can't become the stop string",
        case="stop string <end>; tokens 'a<', 'en', 'ough'",
    )


@pytest.mark.task("4.2")
def test_only_the_dangerous_end_is_held_back():
    request = decoding(stop=["aab"], decode=pieces("aaaa", "b"))
    expect_equal(
        (feed(request, [0, 1]), request.text),
        (["aa", ""], "aa"),
        asked="(what each token showed, text): of 'aaaa', only the last 'aa' can begin 'aab'",
        case="stop string aab; tokens 'aaaa', 'b'",
    )


@pytest.mark.task("4.2")
@pytest.mark.parametrize(
    ("ending", "reason"),
    [("eos", FinishReason.EOS), ("length", FinishReason.LENGTH), ("cancel", FinishReason.CANCELLED)],
)
def test_an_unfinished_stop_string_is_text_in_the_end(ending: str, reason: FinishReason):
    request = decoding(stop=["<end>"], decode=pieces("a", "<en"), max_tokens=2 if ending == "length" else 9)
    shown = feed(request, [0, 1])
    if ending == "eos":
        shown.append(request.append_token(END))
    elif ending == "cancel":
        shown.append(request.finish(FinishReason.CANCELLED))
    expect_equal(
        ("".join(shown), request.text, request.finish_reason),
        ("a<en", "a<en", reason),
        asked="(all that was shown, text, reason): nothing is swallowed",
        case=f"stop string <end>; tokens 'a', '<en', then the end by {ending}",
    )


@pytest.mark.task("4.2")
def test_the_stop_string_that_is_complete_first_counts():
    request = decoding(stop=["abcd", "bc"], decode=pieces("xabcd"))
    feed(request, [0])
    expect_equal(
        request.text,
        "xa",
        asked="bc is complete a character before abcd, so the text ends before bc, as it would character by character",
        case="stop strings abcd and bc; one token 'xabcd'",
    )


@pytest.mark.task("4.2")
@pytest.mark.parametrize("stop", [["bc", "abc"], ["abc", "bc"]], ids=["shorter-first", "longer-first"])
def test_of_two_that_end_together_the_one_that_began_first_counts(stop: list[str]):
    request = decoding(stop=stop, decode=pieces("xabcd"))
    feed(request, [0])
    expect_equal(
        request.text,
        "x",
        asked="abc and bc are complete with the same character, and abc began first, so the text ends before it",
        case=f"stop strings {' and '.join(stop)}; one token 'xabcd'",
    )


@pytest.mark.task("4.2")
def test_a_stop_string_counts_before_the_limit():
    request = decoding(stop=["!"], max_tokens=2)
    feed(request, list(b"a!"))
    expect_equal(
        (request.text, request.finish_reason),
        ("a", FinishReason.STOP),
        asked="(text, reason): the text reached the stop string, whatever else happened in the same step",
        case="stop string !, max_tokens 2; tokens a, !",
    )


# Task 4.2: characters


@pytest.mark.task("4.2")
def test_half_a_character_is_never_shown():
    request = decoding()
    expect_equal(
        feed(request, list("é€".encode())),
        ["", "é", "", "", "€"],
        asked="what each token showed: a character comes with its last byte",
        case="é (2 bytes) and € (3 bytes), a token a byte",
    )


@pytest.mark.task("4.2")
def test_whole_characters_before_half_a_one_are_shown():
    request = decoding(decode=pieces(b"ab\xe2", b"\x82\xac!"))
    expect_equal(
        feed(request, [0, 1]),
        ["ab", "€!"],
        asked="what each token showed: 'ab' is whole, only the rest has to wait",
        case="two tokens: 'ab' with the first byte of €, and the rest of € with '!'",
    )


@pytest.mark.task("4.2")
def test_bytes_that_never_become_a_character_are_shown_in_the_end():
    request = decoding(max_tokens=2)
    shown = feed(request, [65, 0xE2])
    expect_equal(
        ("".join(shown), request.text),
        (BYTES.decode([65, 0xE2]),) * 2,
        asked="(all that was shown, text) equal the text of all tokens",
        case="max_tokens 2; the second token is the first byte of a character of three",
    )


@pytest.mark.task("4.2")
def test_bytes_that_are_no_character_stay_in_their_place():
    request = decoding(decode=pieces("x", b"\xff", "abc", "d"))
    expect_equal(
        (feed(request, [0, 1, 2, 3]), request.text),
        (["x", "", "\N{REPLACEMENT CHARACTER}abc", "d"], "x\N{REPLACEMENT CHARACTER}abcd"),
        asked="(what each token showed, text): a byte that turns out to be no character is shown as such, in its place",
        case="tokens 'x', the byte FF (which no character has), 'abc', 'd'",
    )


class Breaking:
    """A `decode` that can't decode token 9, and counts how often it was asked after that."""

    def __init__(self, *texts: str) -> None:
        self.broken, self.asked_again = False, 0
        self._decode = pieces(*texts)

    def __call__(self, tokens: Sequence[int]) -> str:
        self.asked_again += self.broken
        if 9 in tokens:
            self.broken = True
            raise KeyError("no token 9")
        return str(self._decode(tokens))


@pytest.mark.task("4.2")
@pytest.mark.parametrize("max_tokens", [8, 3], ids=["in-the-middle", "with-its-last-token"])
def test_a_decode_that_raises_ends_its_request(max_tokens: int):
    decode = Breaking("so ", "a<e")
    request = decoding(max_tokens, stop=["<end>"], decode=decode)
    shown = feed(request, [0, 1, 9, 0, 1])
    expect_equal(
        (request.finish_reason, request.error, request.tokens, len(request.token_times)),
        (FinishReason.ERROR, "KeyError: 'no token 9'", [0, 1, 9], 3),
        asked="(reason, error, tokens, how many times): the token counts, and the request ends with the answer's error",
        case=f"tokens 'so ', 'a<e' and one that `decode` raises KeyError for; max_tokens {max_tokens}",
    )
    expect_equal(
        (shown, request.text, decode.asked_again),
        (["so ", "a", "<e"], "so a<e", 0),
        asked="(what each token showed, the text, how often `decode` was asked after it had raised): "
        "what was held back is shown, and nothing is decoded again",
        case="the same, stop string <end>",
    )


@pytest.mark.task("4.2")
@pytest.mark.parametrize("ending", ["eos", "cancel"])
def test_a_last_text_that_can_not_be_decoded(ending: str):
    def decode(tokens: Sequence[int]) -> str:
        nonlocal asked
        asked += 1
        if closing:
            raise KeyError("no text")
        return "a\N{REPLACEMENT CHARACTER}"

    closing, asked = False, 0
    request = decoding(decode=decode)
    shown = request.append_token(0)
    closing, asked = True, 0
    rest = request.append_token(END) if ending == "eos" else request.finish(FinishReason.CANCELLED)
    reason, error = (FinishReason.ERROR, "KeyError: 'no text'") if ending == "eos" else (FinishReason.CANCELLED, None)
    expect_equal(
        (shown, rest, request.finish_reason, request.error, asked),
        ("a", "", reason, error, 1),
        asked="(shown, shown at the end, reason, error, how often `decode` was asked at the end)",
        case=f"token 'a' and half a character, then the end by {ending}, at which `decode` raises KeyError",
    )


@pytest.mark.task("4.2")
def test_what_was_held_comes_after_what_is_new():
    request = decoding(stop=["<end>"], decode=pieces("a<"), max_tokens=1)
    expect_equal(
        feed(request, [0]),
        ["a<"],
        asked="the text in its order: what the last token made safe, then what was held back",
        case="stop string <end>, max_tokens 1; token 'a<'",
    )


@pytest.mark.task("4.2")
def test_a_tokenizer_that_eats_the_first_space_is_read_in_context():
    def decode(tokens: Sequence[int]) -> str:
        return "".join([" the", " cat", " sat", "s"][token] for token in tokens).removeprefix(" ")

    request = decoding(decode=decode)
    expect_equal(
        feed(request, [0, 1, 3, 2]),
        ["the", " cat", "s", " sat"],
        asked="what each token showed: a token is decoded behind those before it",
        case="a tokenizer whose texts lose their first space, as SentencePiece does: the, cat, s, sat",
    )


@pytest.mark.task("4.2")
def test_a_long_answer_is_not_decoded_from_its_beginning_each_time():
    longest = 0

    def decode(tokens: Sequence[int]) -> str:
        nonlocal longest
        longest = max(longest, len(tokens))
        return BYTES.decode(tokens)

    feed(decoding(decode=decode), list(b"word " * 60))
    expect_true(
        longest <= 20,
        asked="the work a token makes does not grow with the answer: decode gets the last few tokens only",
        case="an answer of 300 tokens",
        got=f"decode got {longest} tokens at once",
        expected="a handful",
    )


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[list[bytes], list[str]]:
    """Some text cut into tokens anywhere, in the midst of characters too, and stop strings of the same letters."""
    text = draw(st.text(alphabet="ab<é€😀", max_size=24)).encode()
    borders = draw(st.sets(st.integers(0, len(text)), max_size=12))
    marks = sorted({0, len(text), *borders})
    parts = [text[a:b] for a, b in pairwise(marks)]
    stops = draw(st.lists(st.text(alphabet="ab<é", min_size=1, max_size=4), max_size=3))
    return parts, stops


@pytest.mark.task("4.2")
@settings(max_examples=300)
@given(cut_texts())
def test_however_a_text_is_cut_into_tokens(cut: tuple[list[bytes], list[str]]):
    parts, stops = cut
    whole = b"".join(parts).decode()
    # The first character with which a stop string is complete, and the first to begin of those that end there.
    ends = [(end, whole[:end].rfind(s)) for end in range(len(whole) + 1) for s in stops if whole[:end].endswith(s)]
    expected = whole[: min(ends)[1]] if ends else whole
    request = decoding(stop=stops, decode=pieces(*parts))
    shown = feed(request, range(len(parts)))
    case = f"tokens {parts}, stop strings {stops}"
    for count in range(1, len(shown) + 1):
        expect_true(
            expected.startswith("".join(shown[:count])),
            asked="what is shown is never taken back",
            case=case,
            got=repr("".join(shown[:count])),
            expected=f"a beginning of {expected!r}",
        )
    if not request.is_finished:
        shown.append(request.append_token(END))
    expect_equal(
        ("".join(shown), request.text),
        (expected, expected),
        asked="(all that was shown, text): the text up to its first stop string, however it is cut into tokens",
        case=case,
    )


# Task 4.3


def a_life(clock: VirtualClock) -> Request:
    """Arrives at 10 s, starts at 12, tokens at 15, 16, 20 and 21, EOS at 22."""
    clock.advance_to(10)
    request = Request("r0", [1, 2], 9, eos_token_ids={END}, clock=clock)
    clock.advance_to(12)
    request.advance(PREFILLING)
    clock.advance_to(14)
    request.advance(DECODING)
    for moment in (15, 16, 20, 21):
        clock.advance_to(moment)
        request.append_token(5)
    clock.advance_to(22)
    request.append_token(END)
    return request


LIFE = "arrives at 10 s, starts at 12, gets tokens at 15, 16, 20, 21, and EOS at 22"


@pytest.mark.task("4.3")
@pytest.mark.parametrize(
    ("name", "seconds"), [("queue_time", 2), ("ttft", 5), ("tpot", 2), ("worst_gap", 4), ("latency", 12)]
)
def test_the_times_of_a_life(name: str, seconds: float):
    request = a_life(VirtualClock())
    expect_close(getattr(request, name), seconds, asked=f"{name}, in seconds", case=LIFE)


@pytest.mark.task("4.3")
def test_times_that_are_not_known_yet_are_none():
    clock = VirtualClock()
    request = Request("r0", [1], 9, clock=clock)
    names = ["queue_time", "ttft", "tpot", "worst_gap", "latency"]
    expect_equal(
        [getattr(request, name) for name in names], [None] * 5, asked=str(names), case="a request in the queue"
    )
    clock.advance(1)
    request.advance(PREFILLING)
    request.advance(DECODING)
    clock.advance(1)
    request.append_token(5)
    expect_equal(
        [getattr(request, name) for name in names],
        [1, 2, None, None, None],
        asked=f"{names}: one token has no pace",
        case="arrives at 0 s, starts at 1, has one token at 2",
    )


@pytest.mark.task("4.3")
def test_two_tokens_have_a_pace():
    clock = VirtualClock()
    request = Request("r0", [1], 9, clock=clock)
    request.advance(PREFILLING)
    request.advance(DECODING)
    for moment in (2, 5):
        clock.advance_to(moment)
        request.append_token(5)
    expect_equal(
        [request.tpot, request.worst_gap],
        [3, 3],
        asked="[tpot, worst_gap]: two tokens are enough for one gap",
        case="tokens at 2 and 5 s",
    )


@pytest.mark.task("4.3")
def test_a_time_of_zero_is_a_time():
    request = Request("r0", [1], 1, clock=VirtualClock())
    request.advance(PREFILLING)
    request.advance(DECODING)
    request.append_token(5)
    expect_equal(
        [request.queue_time, request.ttft, request.latency],
        [0.0, 0.0, 0.0],
        asked="[queue_time, ttft, latency]: 0 seconds are known, and not None",
        case="all of its life happens at second 0",
    )


@pytest.mark.task("4.3")
def test_an_answer_without_tokens_has_a_latency_only():
    clock = VirtualClock()
    request = Request("r0", [1], 9, eos_token_ids={END}, clock=clock)
    request.advance(PREFILLING)
    request.advance(DECODING)
    clock.advance(3)
    request.append_token(END)
    expect_equal(
        [request.ttft, request.tpot, request.latency],
        [None, None, 3],
        asked="[ttft, tpot, latency]: there was no token to wait for",
        case="EOS at 3 s is the first token",
    )


@pytest.mark.task("4.3")
def test_who_gives_up_in_the_queue_has_a_latency():
    clock = VirtualClock()
    request = Request("r0", [1], 9, clock=clock)
    clock.advance(2.5)
    request.finish(FinishReason.CANCELLED)
    expect_equal(
        [request.queue_time, request.ttft, request.latency],
        [None, None, 2.5],
        asked="[queue_time, ttft, latency]",
        case="arrives at 0 s, is cancelled at 2.5 s before it ever ran",
    )


@pytest.mark.task("4.3")
def test_going_back_to_the_queue_does_not_start_the_clock_anew():
    clock = VirtualClock()
    request = Request("r0", [1], 9, clock=clock)
    for moment, state in ((1, PREFILLING), (2, DECODING), (3, WAITING), (7, PREFILLING)):
        clock.advance_to(moment)
        request.advance(state)
    expect_close(request.queue_time, 1, asked="queue_time: until it started first", case="starts at 1 s and again at 7")


# Task 4.4


def logits_of(*rows: Sequence[float]) -> mx.array:
    """Logits whose softmax is the given probabilities."""
    return mx.log(mx.array(rows, dtype=mx.float32))


def many(probabilities: Sequence[float], params: SamplingParams, count: int = 4000) -> Counter[int]:
    """How often each token is drawn in `count` positions of one request."""
    logits = mx.broadcast_to(logits_of(probabilities), (count, len(probabilities)))
    return Counter(np.array(sample_batch(logits, [params] * count, list(range(count)))).tolist())


RANDOM = mx.array(np.random.default_rng(3).standard_normal((6, 40)).astype(np.float32))
MIXED = [
    SamplingParams(),
    SamplingParams(temperature=1.0, seed=1),
    SamplingParams(temperature=0.7, top_k=5, seed=2),
    SamplingParams(temperature=1.3, top_p=0.8, seed=3),
    SamplingParams(temperature=1.0, top_k=9, top_p=0.5, seed=4),
    SamplingParams(temperature=2.0, seed=5),
]


@pytest.mark.task("4.4")
def test_temperature_zero_takes_the_most_likely():
    got = sample_batch(RANDOM, [SamplingParams(seed=seed) for seed in range(6)], [0] * 6)
    expect_equal(got, mx.argmax(RANDOM, axis=-1), asked="each row's argmax", case="six rows at temperature 0")
    expect_equal(str(got.dtype), str(mx.int32), asked="int32, as the model takes tokens", case="temperature 0")


@pytest.mark.task("4.4")
def test_the_same_seed_and_position_give_the_same_token():
    first = sample_batch(RANDOM, MIXED, list(range(6)))
    again = sample_batch(RANDOM, MIXED, list(range(6)))
    expect_equal(again, first, asked="asked twice, the same tokens", case="six rows with parameters of their own")


@pytest.mark.task("4.4")
@pytest.mark.parametrize("row", range(6))
def test_a_row_alone_draws_what_it_draws_in_company(row: int):
    together = sample_batch(RANDOM, MIXED, [10 * each for each in range(6)])
    alone = sample_batch(RANDOM[row : row + 1], [MIXED[row]], [10 * row])
    expect_equal(
        alone.tolist(),
        [together.tolist()[row]],
        asked="the same token, whatever its batch-mates",
        case=f"row {row} of a mixed batch of six, {MIXED[row]}",
    )


@pytest.mark.task("4.4")
def test_rows_in_another_order_draw_the_same():
    order = [4, 2, 0, 5, 1, 3]
    together = sample_batch(RANDOM, MIXED, list(range(6))).tolist()
    shuffled = sample_batch(RANDOM[mx.array(order)], [MIXED[row] for row in order], order).tolist()
    expect_equal(
        shuffled,
        [together[row] for row in order],
        asked="a row's place in the batch does not matter",
        case=f"order {order}",
    )


@pytest.mark.task("4.4")
@pytest.mark.parametrize(
    "mate", [SamplingParams(1.0, top_k=2, seed=8), SamplingParams(1.0, top_p=0.4, seed=8)], ids=["top-k", "top-p"]
)
def test_a_row_without_limits_does_not_feel_its_neighbours(mate: SamplingParams):
    free = SamplingParams(temperature=1.0, seed=5)
    rows = mx.broadcast_to(RANDOM[:1], (50, 40))
    alone = sample_batch(rows, [free] * 50, list(range(50))).tolist()
    both = sample_batch(mx.concatenate([rows, rows]), [free] * 50 + [mate] * 50, [*range(50), *range(50)]).tolist()
    expect_equal(
        both[:50], alone, asked="the same 50 tokens", case=f"50 rows without top-k or top-p, beside 50 with {mate}"
    )


@pytest.mark.task("4.4")
def test_each_row_has_its_own_temperature():
    rows = mx.broadcast_to(RANDOM[:1], (60, 40))
    params = [SamplingParams(temperature=heat, seed=3) for heat in (0.2, 3.0, 1.0)]
    together = sample_batch(mx.repeat(rows[:60], 3, axis=0), params * 60, [each // 3 for each in range(180)]).tolist()
    for row, own in enumerate(params):
        alone = sample_batch(rows, [own] * 60, list(range(60))).tolist()
        expect_equal(
            together[row::3],
            alone,
            asked="a row draws at its own temperature: the same 60 tokens as alone",
            case=f"rows of temperature 0.2, 3 and 1 by turns; those of {own.temperature}",
        )


@pytest.mark.task("4.4")
def test_a_row_does_not_fade_beside_a_cold_one():
    warm, cold = SamplingParams(temperature=1.0, seed=5), SamplingParams(temperature=0.01, seed=6)
    rows = mx.broadcast_to(RANDOM[:1], (30, 40))
    alone = sample_batch(rows, [warm] * 30, list(range(30))).tolist()
    both = sample_batch(mx.repeat(rows, 2, axis=0), [warm, cold] * 30, [each // 2 for each in range(60)]).tolist()
    expect_equal(
        both[::2],
        alone,
        asked="the same 30 tokens as alone: a row's probabilities are its own, however large a neighbour's logits are",
        case="30 rows of temperature 1, each beside one of temperature 0.01",
    )


@pytest.mark.task("4.4")
def test_a_batch_of_rows_that_admit_one_token():
    params = [SamplingParams(temperature=2.0, top_k=1, seed=seed) for seed in range(6)]
    expect_equal(
        sample_batch(RANDOM, params, [3] * 6),
        mx.argmax(RANDOM, axis=-1),
        asked="with top_k 1 the most likely token is the only one, also if all rows want it so",
        case="six rows of temperature 2 and top_k 1",
    )


@pytest.mark.task("4.4")
def test_a_top_k_beyond_the_vocabulary_admits_all():
    shares = [0.1, 0.4, 0.05, 0.3, 0.15]
    expect_shares(
        many(shares, SamplingParams(temperature=1.0, top_k=1000, seed=18)),
        shares,
        "all five tokens may be drawn: shares of 4000 draws",
        f"probabilities {shares}, top_k 1000",
    )


@pytest.mark.task("4.4")
def test_every_position_draws_anew():
    counts = many([0.25] * 4, SamplingParams(temperature=1.0, seed=7), 400)
    expect_true(
        len(counts) == 4,
        asked="400 positions of one request draw all of four equally likely tokens",
        case="temperature 1, seed 7",
        got=f"tokens {sorted(counts)}",
        expected="tokens [0, 1, 2, 3]",
    )


@pytest.mark.task("4.4")
def test_every_seed_draws_its_own():
    logits = mx.zeros((200, 50))
    tokens = sample_batch(
        logits, [SamplingParams(temperature=1.0, seed=seed) for seed in range(200)], [3] * 200
    ).tolist()
    expect_true(
        len(set(tokens)) > 30,
        asked="different seeds draw different tokens",
        case="200 seeds at one position, 50 equally likely tokens",
        got=f"{len(set(tokens))} different tokens",
        expected="nearly all of 50",
    )


def expect_shares(counts: Counter[int], shares: Sequence[float], asked: str, case: str) -> None:
    """Fail unless each token was drawn about as often as its share says: within five standard deviations."""
    total = sum(counts.values())
    got = [counts[token] / total for token in range(len(shares))]
    slack = [5 * (share * (1 - share) / total) ** 0.5 for share in shares]
    expect_true(
        all(abs(a - b) <= c for a, b, c in zip(got, shares, slack, strict=True)),
        asked=asked,
        case=case,
        got=str([round(each, 3) for each in got]),
        expected=f"about {[round(each, 3) for each in shares]}",
    )


@pytest.mark.task("4.4")
def test_tokens_are_drawn_as_often_as_they_are_likely():
    shares = [0.1, 0.4, 0.05, 0.3, 0.15]
    expect_shares(
        many(shares, SamplingParams(temperature=1.0, seed=11)),
        shares,
        "shares of 4000 draws",
        f"probabilities {shares}",
    )


@pytest.mark.task("4.4")
@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_sharpens_or_flattens(temperature: float):
    shares = [0.1, 0.4, 0.05, 0.3, 0.15]
    powered = [share ** (1 / temperature) for share in shares]
    expect_shares(
        many(shares, SamplingParams(temperature=temperature, seed=12)),
        [each / sum(powered) for each in powered],
        "logits are divided by the temperature: shares of 4000 draws",
        f"probabilities {shares}, temperature {temperature}",
    )


@pytest.mark.task("4.4")
def test_top_k_leaves_the_k_most_likely():
    shares = [0.1, 0.4, 0.05, 0.3, 0.15]
    expect_shares(
        many(shares, SamplingParams(temperature=1.0, top_k=2, seed=13)),
        [0, 4 / 7, 0, 3 / 7, 0],
        "the two most likely, in their old proportion: shares of 4000 draws",
        f"probabilities {shares}, top_k 2",
    )


@pytest.mark.task("4.4")
def test_top_p_leaves_the_fewest_that_reach_p():
    shares = [0.1, 0.4, 0.05, 0.3, 0.15]
    expect_shares(
        many(shares, SamplingParams(temperature=1.0, top_p=0.75, seed=14)),
        [0, 40 / 85, 0, 30 / 85, 15 / 85],
        "0.4 + 0.3 is less than 0.75, so the third is admitted too, and no fourth: shares of 4000 draws",
        f"probabilities {shares}, top_p 0.75",
    )


@pytest.mark.task("4.4")
def test_the_most_likely_token_is_always_admitted():
    shares = [0.2, 0.7, 0.1]
    expect_shares(
        many(shares, SamplingParams(temperature=1.0, top_p=0.1, seed=15), 50),
        [0, 1, 0],
        "at least one token is admitted: shares of 50 draws",
        f"probabilities {shares}, top_p 0.1",
    )


@pytest.mark.task("4.4")
def test_top_p_counts_over_what_top_k_has_left():
    shares = [0.4, 0.3, 0.2, 0.1]
    expect_shares(
        many(shares, SamplingParams(temperature=1.0, top_k=2, top_p=0.5, seed=16), 2000),
        [1, 0, 0, 0],
        "of the two, the first has 4/7, which reaches 0.5 alone: shares of 2000 draws",
        f"probabilities {shares}, top_k 2, top_p 0.5",
    )


@pytest.mark.task("4.4")
def test_top_p_looks_at_the_heated_probabilities():
    shares = [0.64, 0.16, 0.1, 0.1]
    hot = [0.8, 0.4, 0.1**0.5, 0.1**0.5]
    expect_shares(
        many(shares, SamplingParams(temperature=2.0, top_p=0.6, seed=17), 2000),
        [hot[0] / (hot[0] + hot[1]), hot[1] / (hot[0] + hot[1]), 0, 0],
        "at temperature 2 the first has 0.44 and does not reach 0.6 alone: shares of 2000 draws",
        f"probabilities {shares}, temperature 2, top_p 0.6",
    )


@pytest.mark.task("4.4")
def test_each_row_keeps_to_its_own_limits():
    logits = mx.broadcast_to(logits_of([0.4, 0.3, 0.2, 0.1]), (300, 4))
    params = [SamplingParams(1.0, top_k=k, seed=1) for k in (1, 2, 0)] * 100
    tokens = np.array(sample_batch(logits, params, list(range(300)))).reshape(100, 3)
    expect_equal(
        [sorted(set(tokens[:, column].tolist())) for column in range(3)],
        [[0], [0, 1], [0, 1, 2, 3]],
        asked="the tokens drawn by the rows with top_k 1, with 2, and without",
        case="300 rows, by turns with top_k 1, 2 and none",
    )


@pytest.mark.task("4.4")
@pytest.mark.parametrize(
    "params",
    [SamplingParams(1.0, top_k=2, seed=6), SamplingParams(1.0, top_p=0.6, seed=6)],
    ids=["top-k", "top-p"],
)
def test_tokens_as_likely_as_the_last_are_admitted_too(params: SamplingParams):
    logits = mx.broadcast_to(mx.array([1.0, 0.0, 2.0, 1.0, 1.0]), (400, 5))
    tokens = np.array(sample_batch(logits, [params] * 400, list(range(400))))
    expect_equal(
        sorted(set(tokens.tolist())),
        [0, 2, 3, 4],
        asked="the second is admitted, and so are the two that are as likely: the tokens of 400 draws",
        case=f"logits 1, 0, 2, 1, 1 (shares 0.19, 0.07, 0.51, 0.19, 0.19 rounded), {params}",
    )
