"""Workloads whose prompts begin alike, and how they are served: every length, what is shared, and what is counted."""

from dataclasses import replace

import pytest

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.machine.clocks import ServiceClock
from tiny_batch_kit.model.checkpoints import load_checkpoint
from tiny_batch_kit.serving import talks, texts
from tiny_batch_kit.serving.caching import BLOCK_SIZE, serve_talks, with_cache, without_cache
from tiny_batch_kit.serving.talks import Talk, Turn, Turns, prefix_hits, talk_stream
from tiny_batch_kit.shows.versus.talks import TALKING

pytestmark = pytest.mark.usefixtures("reference")


def test_a_document_and_its_questions():
    found = talks.document(250, questions=3, document=20, question=5, limit=4)
    prompts = [talk.turns[0].ids for talk in found]
    assert {len(prompt) for prompt in prompts} == {25}
    assert len({prompt[:20] for prompt in prompts}) == 1
    assert len({prompt[20:] for prompt in prompts}) == 3
    assert found == talks.document(250, questions=3, document=20, question=5, limit=4)


def test_users_share_the_system_prompt_and_nothing_else():
    found = talks.chat(250, users=3, turns=4, system=16, words=6, limit=5)
    assert [len(talk.turns) for talk in found] == [4] * 3
    assert [len(turn.ids) for turn in found[0].turns] == [22, 6, 6, 6]
    assert len({talk.turns[0].ids[:16] for talk in found}) == 1
    new = [turn.ids[-6:] for talk in found for turn in talk.turns]
    assert len({*new}) == 12
    assert found[0].longest == 16 + 4 * (6 + 5)


def test_unrelated_requests_share_nothing():
    found = talks.unrelated(250, count=5, prompt=8)
    assert prefix_hits([(talk.turns[0].ids, [1], "") for talk in found], 1) == [0] * 5
    with pytest.raises(KitError, match="at least 1"):
        talks.unrelated(0)


def test_hits_are_whole_blocks_that_somebody_has_computed():
    first = ([1, 2, 3, 4, 5], [6, 7, 8, 9])  # 8 is computed, 9 never
    asked = [first, ([1, 2, 3, 4, 5, 6, 7, 8, 9, 9], [1]), ([1, 2, 3, 4], [1]), ([1, 2, 3, 4, 5], [1])]
    assert prefix_hits([(prompt, answer, "") for prompt, answer in asked], 4) == [0, 8, 0, 4]
    assert prefix_hits([(prompt, answer, str(n)) for n, (prompt, answer) in enumerate(asked)], 4) == [0] * 4


def test_a_turn_comes_when_the_one_before_has_its_answer():
    clock = ServiceClock()
    turns = Turns([Talk("a", (Turn((1, 2), 1), Turn((3,), 1, pause=5.0))), Talk("b", (Turn((7,), 1),), 2.0)], start=1.0)
    (first,) = turns.due(clock, idle=True)
    assert (first.id, first.ids, clock.now() >= 1.0) == ("a.0", [1, 2], True)
    turns.answered("a.0", [9], 10.0)
    clock.advance_to(15.0)
    assert [(one.id, one.ids, one.arrival) for one in turns.due(clock, idle=False)] == [
        ("b.0", [7], 3.0),
        ("a.1", [1, 2, 9, 3], 15.0),
    ]
    turns.answered("b.0", [], 16.0)
    turns.answered("a.1", [], 16.0)
    assert turns.coming == []


def test_serving_counts_what_was_computed_and_loaded():
    checkpoint = load_checkpoint("tiny-random")
    asked = talks.chat(250, users=2, turns=3, system=2 * BLOCK_SIZE, words=9, limit=6)
    plain = serve_talks("without", checkpoint, asked, without_cache, slots=4)
    cached = serve_talks("with", checkpoint, asked, with_cache(64), slots=4)
    total = sum(len(one.ids) + one.limit - 1 for one in plain.prompts)
    assert (plain.computed, plain.loaded, plain.share_computed) == (total, 0, 1.0)
    assert cached.computed + cached.loaded == total
    assert cached.loaded == cached.predicted_hits > 0
    assert {one.id: answer for one, answer in zip(plain.prompts, plain.answers, strict=True)} == {
        one.id: answer for one, answer in zip(cached.prompts, cached.answers, strict=True)
    }


def test_what_was_served_before_is_stored_and_not_counted():
    checkpoint = load_checkpoint("tiny-random")
    asked = talks.document(250, questions=3, document=2 * BLOCK_SIZE, question=3, limit=4)
    again = [replace(talk, id=f"{talk.id}'", arrival=1.0) for talk in asked]
    found = serve_talks("again", checkpoint, again, with_cache(64), slots=4, before=asked)
    assert [one.id for one in found.prompts] == ["q0'.0", "q1'.0", "q2'.0"]
    assert (found.loaded, found.computed) == (3 * 2 * BLOCK_SIZE, 3 * (3 + 3))
    assert min(found.ttft) > 0


def test_a_stream_of_talks():
    jobs = list(talk_stream(400, rate=2.0))
    assert [job.id for job in jobs] == [str(number) for number in range(400)]
    assert [job.arrival for job in jobs] == sorted(job.arrival for job in jobs)
    assert all(len(job.prompt) == job.prompt_tokens for job in jobs)
    assert 100 < jobs[-1].arrival < 400
    assert sum(prefix_hits([(job.prompt, [0] * job.output_tokens, "") for job in jobs], 16)) > 0.5 * sum(
        job.prompt_tokens for job in jobs
    )


@pytest.mark.parametrize("side", TALKING)
def test_every_side_serves_every_turn(side):
    checkpoint = load_checkpoint("tiny-random")
    asked = talks.chat(250, users=2, turns=2, system=20, words=5, limit=4, every=0.01)
    outcome = TALKING[side].serve(checkpoint, asked, 4)
    assert (outcome.tokens, len(outcome.ttft)) == (16, 4)
    assert outcome.computed > 0
    assert min(outcome.ttft) > 0


@pytest.mark.parametrize("make", [texts.questions, texts.agents, texts.chat, texts.branches])
def test_talks_in_real_text(make):
    checkpoint = load_checkpoint("tiny-random")
    asked = make(checkpoint.tokenizer, limit=3)
    cached = serve_talks("text", checkpoint, asked, with_cache(400), slots=8)
    plain = serve_talks("text", checkpoint, asked, without_cache, slots=8)
    assert sorted(cached.answers) == sorted(plain.answers)
    assert cached.loaded > 0.4 * sum(len(one.ids) for one in cached.prompts)


def test_a_further_turn_is_written_as_the_template_writes_it():
    tokenizer = load_checkpoint("smollm2-135m").tokenizer
    first, turn = tokenizer.chat("How?"), tokenizer.turn("And why?")
    text = tokenizer._tokenizer.decode([*first, *tokenizer.encode("So."), *turn], skip_special_tokens=False)
    assert text.endswith("So.<|im_end|>\n<|im_start|>user\nAnd why?<|im_end|>\n<|im_start|>assistant\n")
