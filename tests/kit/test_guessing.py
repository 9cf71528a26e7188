"""What the kit has for Day 13: a draft without a download, workloads that quote, and who watches the guesses."""

import mlx.core as mx
import pytest

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course import implementations
from tiny_batch_kit.model.checkpoints import load_checkpoint
from tiny_batch_kit.model.draft import early_exit
from tiny_batch_kit.model.oracle import serve_alone
from tiny_batch_kit.model.tiny import tiny_random
from tiny_batch_kit.serving.guessing import Guessed, Guessing, serve_guessing
from tiny_batch_kit.serving.quotes import INVENTING, QUOTING, asked
from tiny_batch_kit.shows.experiments import day_13
from tiny_batch_kit.shows.versus.speculative import mlx_lm_speculative

MODEL = tiny_random(seed=5)


pytestmark = pytest.mark.usefixtures("reference")


def test_an_early_exit_is_the_model_without_its_last_layers():
    short, whole = early_exit(MODEL, 1), early_exit(MODEL, len(MODEL.layers))
    assert serve_alone(whole, [3, 1, 4], 5).tokens == serve_alone(MODEL, [3, 1, 4], 5).tokens
    assert (len(short.layers), short.config.num_layers, short.embedding) == (1, 1, MODEL.embedding)
    assert not mx.allclose(serve_alone(short, [3], 1).logits, serve_alone(MODEL, [3], 1).logits)


@pytest.mark.parametrize("layers", [0, 3])
def test_an_early_exit_has_layers_that_are_there(layers):
    with pytest.raises(ValueError, match="give 1 to 2"):
        early_exit(MODEL, layers)


def test_tasks_come_by_turns_and_each_request_has_its_own_id():
    checkpoint = load_checkpoint("tiny-random")
    found = asked(checkpoint.tokenizer, QUOTING, 8, 5)
    assert [task.name for _, task in found] == [task.name for task in [*QUOTING, *QUOTING[:2]]]
    assert len({one.id for one, _ in found}) == 8
    assert {one.limit for one, _ in found} == {5}
    assert all(task.temperature > 0 for task in INVENTING)


class Right:
    """Knows the answers, but says every third token wrong."""

    def __init__(self, answers):
        self.answers = answers

    def propose(self, requests, most):
        found = []
        for request, limit in zip(requests, most, strict=True):
            begin = len(request.tokens)
            tokens = self.answers[request.id][begin : begin + limit]
            found.append([token if (begin + at) % 3 else 0 for at, token in enumerate(tokens)])
        return found

    def forget(self, request_id):
        pass


def test_all_ways_give_the_same_answers_and_what_came_true_is_counted_by_position():
    checkpoint = load_checkpoint("tiny-random")
    tasks = asked(checkpoint.tokenizer, (*QUOTING[:2], *INVENTING[:2]), 4, 13)
    without = serve_guessing("none", checkpoint, tasks, 2, None)
    answers = {one.id: answer for (one, _), answer in zip(tasks, without.answers, strict=True)}
    load = implementations.load
    control = load("guess_control").FixedGuesses(3)
    found = serve_guessing("some", checkpoint, tasks, 2, Guessing(lambda limits: Right(answers), control))
    assert found.answers == without.answers
    assert found.steps < without.steps
    assert not without.judged
    made, right = zip(*found.judged, strict=True)
    assert found.acceptance == sum(right) / sum(made)
    shares = [share for _, share in found.by_position()]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0


def test_shares_by_position_count_the_rows_that_guessed_so_far():
    found = Guessed([[1]], 1.0, 1, [(2, 1), (3, 3), (1, 0)], None, None)
    assert found.by_position() == [(3, 2 / 3), (2, 1 / 2), (1, 1.0)]


def test_a_draft_of_another_vocabulary_is_refused():
    checkpoint = load_checkpoint("tiny-random")

    class Other:
        name = "other"
        model = tiny_random(seed=1, vocab_size=300)

    with pytest.raises(KitError, match="the same tokenizer"):
        day_13.run(checkpoint, True, lambda *said: None, Other())


def test_mlx_lm_answers_as_alone_with_the_same_draft():
    tokens, seconds = mlx_lm_speculative(MODEL, early_exit(MODEL, 1), [3, 1, 4, 1, 5], 9, guesses=3)
    assert tokens == serve_alone(MODEL, [3, 1, 4, 1, 5], 9).tokens
    assert seconds > 0
