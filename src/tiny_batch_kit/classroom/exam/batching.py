"""The exam of Day 7's batcher: who is in, and texts that go in and come out."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet, told
from tiny_batch_kit.course.implementations import load


def _doors(random: Random) -> Case:
    kinds = ["submit", "submit", "submit", "admit", "admit", "cancel", "end", "retire", "store"]
    longest = random.choice([12, 20])
    return {
        "moves": [
            [random.choice(kinds), random.randint(1, longest + 1), random.randint(1, 14), random.randrange(20)]
            for _ in range(60)
        ],
        "slots": random.randint(1, 4),
        "longest": longest,
        "budget": random.choice([None, 8, longest, 20, 30]),
    }


@sheet("7.3", _doors, 30)
def _who(case: Case) -> Any:
    """No pass is made: `store` puts a request that was admitted into the caches, as if its prompt had been read."""
    import mlx.core as mx

    from tiny_batch_kit.model.tiny import tiny_random

    module, states, kv_cache = load("continuous"), load("request"), load("kv_cache")
    found, shown, known, number = list[Any](), list[Any](), list[Any](), 0
    limits = {"batch_size": case["slots"], "max_seq_len": case["longest"], "prefill_step": 4}
    batcher = module.ContinuousBatcher(
        tiny_random(),
        max_batch_tokens=case["budget"],
        on_token=lambda request, text: shown.append([request.id, text]),
        **limits,
    )
    for kind, size, limit, which in case["moves"]:
        said, running = None, list(batcher.running.items())
        request = known[-1 - which % len(known)] if known else None
        if kind == "submit":
            number += 1
            name = f"r{number}" if which > 4 or request is None else request.id  # a name may be taken
            made = states.Request(name, [1] * size, limit, decode=lambda tokens: "ab" * len(tokens), stop=["bx"])
            said = [told(batcher.submit, made), made.max_tokens]
            known += [made] if said[0] != "refused" else []
        elif kind == "admit":
            batcher.admit()
        elif kind == "cancel":
            said = told(batcher.cancel, request.id if request else "nobody")
        elif kind == "store" and running:
            slot, one = running[which % len(running)]
            if one.state is states.RequestState.PREFILLING:
                for cache in batcher.caches:
                    own = kv_cache.TinyKvCache()
                    own.update_and_fetch(mx.zeros((1, 2, len(one.prompt), 4)), mx.zeros((1, 2, len(one.prompt), 4)))
                    cache.add_request(own, slot)
                one.advance(states.RequestState.DECODING)
                one.append_token(7)
        elif kind == "end" and running:
            one = running[which % len(running)][1]
            if not one.is_finished:
                one.finish(states.FinishReason.ERROR if which % 2 else states.FinishReason.LENGTH, None)
        elif kind == "retire":
            batcher.retire()
        there = [[slot, each.id, each.state.value] for slot, each in sorted(batcher.running.items())]
        found.append([said, there, [each.id for each in batcher.waiting], batcher.slots.num_free])
        found.append([[list(cache.offsets) for cache in batcher.caches], batcher.has_work])
    reasons = [[each.id, each.finish_reason.value if each.finish_reason else None] for each in known]
    return [found, shown, reasons]


def _texts(random: Random) -> Case:
    words = ["a", "hello", "the quick brown fox", "x" * 30, "aa", "b", "hello"]
    prompts = [random.choice([*words, "", None, None, "y" * 90]) for _ in range(random.randint(1, 7))]
    prompts = [each if each is not None else random.choice(["later", "later", "number"]) for each in prompts]
    if random.random() < 0.5:
        prompts = ["a", *["later"] * 9, *prompts]
    return {
        "prompts": prompts,
        "slots": random.randint(1, 3),
        "limit": random.randint(1, 6),
        "seed": random.randrange(9),
    }


@sheet("7.5", _texts, 6)
def _completed(case: Case) -> Any:
    from tiny_batch_kit.machine.clocks import VirtualClock
    from tiny_batch_kit.model.tiny import tiny_random
    from tiny_batch_kit.model.tokenizer import ByteTokenizer

    clock, seen, steps = VirtualClock(), list[Any](), list[int]()

    def prompts() -> Iterator[Any]:
        """They may come later, and one is no text."""
        for prompt in case["prompts"]:
            seen.append(len(steps))
            yield None if prompt == "later" else (7 if prompt == "number" else prompt)

    def stepped(rows: Any) -> None:
        clock.advance(0.5)
        steps.append(len(rows))

    names = list[str]()
    options = {"max_seq_len": 64, "batch_size": case["slots"], "max_tokens": case["limit"], "prefill_step": 16}
    done = load("batch").batch_generate(
        tiny_random(seed=case["seed"]),
        ByteTokenizer(),
        prompts(),
        on_token=lambda request, text: names.append(request.id),
        on_step=stepped,
        clock=clock,
        **options,
    )
    told_of = [[each.text, each.tokens, each.finish_reason.value, bool(each.error), each.ttft] for each in done]
    return [told_of, seen, names, [each.latency for each in done], _breaks(case["slots"])]


def _breaks(slots: int) -> Any:
    """An error that is no prompt's fault is raised."""
    from tiny_batch_kit.model.tiny import tiny_random
    from tiny_batch_kit.model.tokenizer import ByteTokenizer

    class Broken(ByteTokenizer):
        def encode(self, text: str) -> list[int]:
            """It can't."""
            raise KeyError("held out")

    try:
        load("batch").batch_generate(tiny_random(), Broken(), ["a"], batch_size=slots)
    except KeyError:
        return "raised"
    return "hidden"
