"""The exam of Days 1 to 8."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def _tokens(random: Random, count: int) -> list[int]:
    return [random.randrange(1, 250) for _ in range(count)]


def _machine(random: Random) -> Case:
    kv_heads = random.choice([1, 2, 4])
    names = {
        "layers": random.randint(1, 40),
        "width": random.randint(8, 4096),
        "query_heads": kv_heads * random.randint(1, 8),
    }
    shape = dict(**names, kv_heads=kv_heads, head_dim=random.randint(4, 160), ffn_width=random.randint(8, 9000))
    shape |= {
        "vocab": random.randint(10, 90_000),
        "weight_bytes": random.choice([1, 2, 4]),
        "kv_bytes": random.choice([1, 2]),
    }
    speeds = [random.uniform(1e12, 1e15), random.uniform(1e10, 4e12), random.uniform(3e10, 2e11)]
    case = {"shape": shape, "speeds": speeds, "batch": random.randint(1, 300), "context": random.randint(1, 6000)}
    return {**case, "slo": random.uniform(0.01, 0.5)}


def _roofline(case: Case) -> tuple[Any, Any, Any]:
    from tiny_batch_kit.machine.hardware import Hardware
    from tiny_batch_kit.model.shapes import ModelShape

    shape = (
        {**case["shape"], "layers": 20, "head_dim": 64} if "large" in case else case["shape"]
    )  # so that few rows fit
    return load("roofline"), ModelShape("held out", **shape), Hardware("held out", *case["speeds"])


@sheet("1.1", _machine)
def _bytes(case: Case) -> Any:
    roofline, shape, _ = _roofline(case)
    return roofline.kv_bytes_per_token(shape)


@sheet("1.2", _machine)
def _cost(case: Case) -> Any:
    roofline, shape, machine = _roofline(case)
    cost = roofline.decode_step_cost(shape, machine, case["batch"], case["context"])
    return [cost.flops, cost.bytes, cost.seconds, cost.bound]


@sheet("1.3", _machine)
def _fits(case: Case) -> Any:
    roofline, shape, machine = _roofline(case)
    return roofline.max_batch_size(shape, machine, case["context"])


@sheet("1.4", lambda random: {**_machine(random), "context": random.randint(2000, 9000), "large": True})
def _best(case: Case) -> Any:
    roofline, shape, machine = _roofline(case)
    return roofline.best_batch_size(shape, machine, case["context"], case["slo"])


def _prompts(random: Random) -> Case:
    prompts = [_tokens(random, random.randint(1, 9)) for _ in range(random.randint(1, 5))]
    lengths = [len(prompt) for prompt in prompts]
    width = max(lengths) + random.randint(0, 3)
    sizes = [*random.sample(range(1, 12), 3), random.randint(9, 14)]
    limits = [random.randint(1, 5) for _ in prompts]
    return {
        "prompts": prompts,
        "lengths": lengths,
        "width": width,
        "sizes": sizes,
        "limits": limits,
        "pad": random.randrange(250),
    }


@sheet("2.1", _prompts)
def _padded(case: Case) -> Any:
    return load("padding").left_pad(case["prompts"], case["pad"])


@sheet("2.2", _prompts)
def _positions(case: Case) -> Any:
    padding, lengths, width = load("padding"), case["lengths"], case["width"]
    return [
        padding.padded_positions(lengths, width),
        padding.padding_mask(lengths, width),
        padding.padding_mask(lengths, width, 1),
    ]


@sheet("2.3", _prompts, 3)
def _static(case: Case) -> Any:
    from tiny_batch_kit.model.tiny import tiny_random

    seen: list[Any] = []
    result = load("static").static_generate(
        tiny_random(seed=case["pad"]), case["prompts"], case["limits"], None, seen.append
    )
    return [result.tokens, result.steps, result.wasted_row_steps, seen]


@sheet("2.4", _prompts)
def _buckets(case: Case) -> Any:
    padding = load("padding")
    found = padding.bucket_by_length(case["lengths"], case["sizes"])
    batches = [case["lengths"], case["limits"]]
    return [[*found.items()], padding.padding_waste(batches), padding.padding_waste(batches, [20, 30])]


def _callers(random: Random) -> Case:
    times = sorted(random.uniform(0, 0.2) for _ in range(random.randint(3, 14)))
    took = [random.uniform(0.001, 0.05) for _ in times]
    return {
        "times": times,
        "took": took,
        "size": random.randint(1, 5),
        "wait": random.uniform(1, 60),
        "fails": random.randrange(20),
    }


def _gather(case: Case, closing: bool) -> Any:
    from tiny_batch_kit.machine.virtual_time import run_virtual

    dynamic, batches = load("dynamic"), list[Any]()

    async def work() -> Any:
        loop = asyncio.get_running_loop()

        async def run(requests: list[int]) -> list[int]:
            batches.append([round(loop.time(), 6), list(requests)])
            await asyncio.sleep(case["took"][len(batches) % len(case["took"])])
            if case["fails"] in requests:
                raise KeyError("held out")
            return [request * 10 for request in requests]

        batcher = dynamic.DynamicBatcher(run, case["size"], case["wait"])

        async def call(number: int, at: float) -> Any:
            await asyncio.sleep(at)
            try:
                return [number, await batcher.submit(number), round(loop.time(), 6)]
            except KeyError:
                return [number, "failed", round(loop.time(), 6)]
            except dynamic.BatcherClosed:
                return [number, "closed", round(loop.time(), 6)]

        callers = [asyncio.create_task(call(number, at)) for number, at in enumerate(case["times"])]
        if closing:
            await asyncio.sleep(case["times"][len(callers) // 2] + 1e-4)
            await batcher.close()
        answers = await asyncio.gather(*callers)
        if not closing:
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
        return [answers, batches]

    return run_virtual(work())


@sheet("3.1", _callers, 4)
def _dynamic(case: Case) -> Any:
    return _gather(case, closing=False)


@sheet("3.2", _callers, 4)
def _closed(case: Case) -> Any:
    return _gather(case, closing=True)


@sheet("3.3", _prompts)
def _collated(case: Case) -> Any:
    import mlx.core as mx

    collate = load("collate")
    images = collate.collate_images([mx.full((2, len(case["lengths"]), 1), size) for size in case["sizes"]])
    texts = [
        [each.indices, each.tokens, each.mask] for each in collate.collate_texts(case["prompts"], case["sizes"], 7)
    ]
    ragged = collate.collate_sparse([*case["prompts"], [], case["sizes"]])
    return [images, texts, ragged.values, ragged.offsets]


def _life(random: Random) -> Case:
    moves = [random.choice(["waiting", "prefilling", "decoding", "finished"]) for _ in range(5)]
    words = ["".join(random.choices("abc", k=random.randint(1, 3))) for _ in range(12)]
    stop = ["".join(random.choices("abc", k=random.randint(2, 4))) for _ in range(2)]
    return {
        "moves": moves,
        "words": words,
        "stop": stop,
        "times": [random.uniform(0.1, 3) for _ in range(16)],
        "limit": random.randint(2, 11),
    }


def _request(case: Case, **options: Any) -> Any:
    return load("request").Request("held out", [3, 1, 4], case["limit"], **options)


@sheet("4.1", _life)
def _states(case: Case) -> Any:
    module = load("request")
    found: list[Any] = [sorted(each.value for each in module.successors(state)) for state in module.RequestState]
    request = _request(case)
    for move in case["moves"]:
        if move == "finished":
            continue
        try:
            request.advance(module.RequestState(move))
            found.append(request.state.value)
        except module.IllegalTransition:
            found.append("illegal")
    return found


class _Clock:
    def __init__(self, steps: list[float]) -> None:
        self.time, self.steps = 0.0, steps

    def now(self) -> float:
        return self.time


def _lived(case: Case, stop: list[str]) -> Any:
    module = load("request")
    clock = _Clock(case["times"])
    words = case["words"]
    request = _request(case, stop=stop, clock=clock, decode=lambda tokens: "".join(words[token] for token in tokens))
    clock.time += case["times"][0]
    request.advance(module.RequestState.PREFILLING)
    request.advance(module.RequestState.DECODING)
    pieces = []
    for token in range(len(words)):
        if request.is_finished:
            break
        clock.time += case["times"][token + 1]
        pieces.append(request.append_token(token))
    return request, pieces


@sheet("4.2", _life, 10)
def _texts(case: Case) -> Any:
    request, pieces = _lived(case, case["stop"])
    return [pieces, request.text, request.tokens, request.finish_reason]


@sheet("4.3", _life)
def _times(case: Case) -> Any:
    request, _ = _lived(case, [])
    return [request.queue_time, request.ttft, request.tpot, request.worst_gap, request.latency]


def _rows(random: Random) -> Case:
    rows = [[random.gauss(0, 3) for _ in range(20)] for _ in range(5)]
    params = [
        {
            "temperature": random.choice([0.0, 0.7, 1.3]),
            "top_k": random.choice([0, 3, 8]),
            "top_p": random.choice([1.0, 0.83]),
            "seed": random.randrange(99),
        }
        for _ in rows
    ]
    return {"rows": rows, "params": params, "positions": [random.randrange(500) for _ in rows]}


@sheet("4.4", _rows)
def _sampled(case: Case) -> Any:
    import mlx.core as mx

    sampling = load("sampling")
    params = [sampling.SamplingParams(**each) for each in case["params"]]
    rows, positions = mx.array(case["rows"]), case["positions"]
    got = sampling.sample_batch(rows, params, positions).tolist()
    alone = [sampling.sample_batch(rows[n : n + 1], params[n : n + 1], positions[n : n + 1]).item() for n in range(5)]
    found = list[Any]()
    for row, token, one in zip(case["rows"], got, case["params"], strict=True):
        likelier = sum(each > row[token] for each in row)  # which token a draw falls on is the student's, in this range
        found.append(likelier if one["temperature"] == 0 else one["top_k"] == 0 or likelier < one["top_k"])
    return [got == alone, found, sampling.sample_batch(rows, params, positions).tolist() == got]


def _caches(random: Random) -> Case:
    return {
        "seed": random.randrange(10**6),
        "pieces": [random.randint(1, 40) for _ in range(4)],
        "slots": random.sample(range(4), 3),
    }


def _numbers(seed: int, *shape: int) -> Any:
    import mlx.core as mx

    return mx.random.randint(0, 1000, shape, key=mx.random.key(seed)).astype(mx.float32)


def _filled(seed: int, pieces: list[int]) -> Any:
    cache = load("kv_cache").TinyKvCache()
    for number, piece in enumerate(pieces):
        last = cache.update_and_fetch(_numbers(seed + number, 1, 2, piece, 3), _numbers(seed - number, 1, 2, piece, 3))
    return cache, last


@sheet("5.1", _caches)
def _one_cache(case: Case) -> Any:
    cache, (keys, values) = _filled(case["seed"], case["pieces"])
    return [keys, values, cache.offset]


def _batched(case: Case) -> Any:
    cache = load("kv_cache").BatchingKvCache(4, 200)
    for slot, piece in zip(case["slots"], case["pieces"], strict=False):
        cache.add_request(_filled(case["seed"] + slot, [piece])[0], slot)
    return cache


@sheet("5.2", _caches)
def _come_and_go(case: Case) -> Any:
    cache = _batched(case)
    cache.remove_request(case["slots"][0])
    return [cache.offsets, [cache.keys[slot, :, : cache.offsets[slot]] for slot in cache.live]]


@sheet("5.3", _caches)
def _all_further(case: Case) -> Any:
    cache = _batched(case)
    keys, values = cache.update_and_fetch(
        _numbers(case["seed"] + 9, 4, 2, 2, 3), _numbers(case["seed"] + 8, 4, 2, 2, 3)
    )
    return [
        cache.offsets,
        [[keys[slot, :, : cache.offsets[slot]], values[slot, :, : cache.offsets[slot]]] for slot in cache.live],
    ]


def _places(random: Random) -> Case:
    offsets = [random.choice([None, random.randint(0, 6)]) for _ in range(4)]
    calls = [[random.choice(["in", "in", "out"]), random.choice("abcdef")] for _ in range(20)]
    return {
        "offsets": offsets,
        "calls": calls,
        "n": random.randint(1, 4),
        "slots": random.randint(1, 4),
        "offset": random.randint(0, 6),
    }


@sheet("6.1", _places)
def _slots(case: Case) -> Any:
    manager, found = load("slots").SlotManager(case["slots"]), list[Any]()
    for way, name in case["calls"]:
        try:
            found.append(manager.allocate_slot(name) if way == "in" else manager.free_slot(name))
        except ValueError:
            found.append("refused")
        found.append([manager.num_free, sorted(manager.slot_of.items())])
    return found


@sheet("6.2", _places)
def _masks(case: Case) -> Any:
    masks = load("masks")
    return [masks.causal_mask(case["n"], case["offset"]), masks.create_batch_mask(case["offsets"], case["n"], 11)]


def _reading(random: Random) -> Case:
    size = random.randint(2, 40)
    seconds = {str(each): random.uniform(0.01, 0.02) * each for each in random.sample(range(4, 300), 6)}
    return {
        "prompt": _tokens(random, size),
        "done": random.randrange(size),
        "step": random.randint(1, 12),
        "seconds": seconds,
        "gap": random.uniform(1, 4),
        "tokens": random.randint(50, 3000),
    }


@sheet("8.1", _reading)
def _chunk(case: Case) -> Any:
    request = load("request").Request("held out", case["prompt"], 4)
    request.num_computed_tokens = case["done"]
    return [load("chunked_prefill").next_chunk(request, case["step"]), request.num_computed_tokens]


@sheet("8.4", _reading)
def _chunk_size(case: Case) -> Any:
    seconds = {int(size): each for size, each in case["seconds"].items()}
    return load("chunked_prefill").choose_chunk_size(seconds, 0.03, case["tokens"], case["gap"])


def _answered(case: Case, module: str, kind: str) -> Any:
    """Each request's tokens, however they are batched: the sampler is greedy, so they are those of serving alone."""
    from tiny_batch_kit.model.tiny import tiny_random

    batcher = getattr(load(module), kind)(
        tiny_random(seed=case["n"]), batch_size=case["n"], max_seq_len=64, prefill_step=4
    )
    requests = [load("request").Request(f"r{n}", prompt, 1 + n) for n, prompt in enumerate(case["prompts"])]
    for request in requests:
        batcher.submit(request)
    for _ in range(100):
        if not batcher.has_work:
            break
        batcher.step()
    return [[request.tokens, request.finish_reason] for request in requests]


@sheet("7.4", lambda random: {**_prompts(random), "n": random.randint(1, 4)}, 3)
def _continuous(case: Case) -> Any:
    return _answered(case, "continuous", "ContinuousBatcher")


@sheet("8.3", lambda random: {**_prompts(random), "n": random.randint(1, 4)}, 3)
def _chunked(case: Case) -> Any:
    return _answered(case, "chunked_prefill", "ChunkedBatcher")
