"""The exam of attention in packed rows, of blocks that are copied, and of pages (9.3, 11.5, 12.4).

A query singles out one key: the largest or the smallest that it may see. The answer is that key's value, a whole number
in whatever order it is computed; where a key is seen that should not be, it is another one.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet, told
from tiny_batch_kit.course.implementations import load

SLOTS, LONGEST, HEADS, WIDTH = 5, 24, 2, 4
FAR = 480
"""Behind this position stand long rows. They have the last slots, so that they never attend with short ones."""


def _mixed(random: Random) -> Case:
    """Rows of one token and segments, in some of the slots."""
    works = []
    for slot in random.sample(range(SLOTS), random.randint(1, SLOTS)):
        start = random.choice([0, random.randint(0, 12)])
        works.append([slot, start, random.choice([1, 1, random.randint(2, 9)])])
    lengths = [random.choice([None, random.randint(1, 9), random.randint(1, 900)]) for _ in range(12)]
    return {"works": works, "seed": random.randrange(10**6), "lengths": lengths, "size": random.choice([1, 2, 4])}


def _numbers(seed: int, *shape: int) -> Any:
    """Whole numbers from 1 to 999, as floats."""
    import mlx.core as mx

    return mx.random.randint(1, 1000, shape, key=mx.random.key(seed)).astype(mx.float32)


def _keys(seed: int, *shape: int) -> Any:
    """Keys that differ in their first number alone, each by more than a query forgives."""
    import mlx.core as mx

    count = 1
    for size in shape[:-1]:
        count *= size
    order = mx.random.permutation(count, key=mx.random.key(seed)).astype(mx.float32).reshape(*shape[:-1], 1)
    return mx.concatenate([order, mx.zeros((*shape[:-1], shape[-1] - 1))], axis=-1)


def _queries(seed: int, count: int) -> Any:
    """Queries that want the largest key, or the smallest."""
    import mlx.core as mx

    signs = mx.random.randint(0, 2, (count, 2 * HEADS, 1), key=mx.random.key(seed)).astype(mx.float32) * 2 - 1
    return mx.concatenate([signs * 400, mx.zeros((count, 2 * HEADS, WIDTH - 1))], axis=-1)


def _packed(case: Case) -> Any:
    """The works, laid end to end: rows in order of slots, then segments."""
    import mlx.core as mx

    plan, params = load("plan"), load("sampling").SamplingParams()
    rows = sorted(each for each in case["works"] if each[2] == 1)
    segments = [each for each in case["works"] if each[2] > 1]
    tokens, positions, slots, firsts = list[int](), list[int](), list[int](), list[int]()
    works = []
    for slot, start, count in [*rows, *segments]:
        firsts.append(len(tokens))
        works.append(plan.Work(f"r{slot}", slot, start, list(range(count)), 1, params))
        tokens += range(count)
        positions += range(start, start + count)
        slots += [slot] * count
    arrays = [mx.array(each, dtype=mx.int32) for each in (tokens, positions, slots)]
    wanted = mx.array([first + each[2] - 1 for first, each in zip(firsts, [*rows, *segments], strict=True)])
    made = load("packing").Packed
    return made(*arrays, tuple(works[: len(rows)]), tuple(works[len(rows) :]), tuple(firsts[len(rows) :]), wanted)


def _far(random: Random) -> Case:
    """As `_mixed`; in some cases, the rows in the last slots are long."""
    case = _mixed(random)
    for work in case["works"]:
        if work[2] == 1 and case["seed"] % 3 and work[0] > 2:
            work[1] = FAR - random.randint(1, 90)
    return case


@sheet("9.3", _far, 16)
def _attended(case: Case) -> Any:
    module, seed = load("packed_attention"), case["seed"]
    import mlx.core as mx

    packed, caches = _packed(case), []
    long = mx.array([any(slot == each[0] and each[1] > 99 for each in case["works"]) for slot in range(SLOTS)])
    never = (mx.arange(FAR) >= 40)[None, None, :, None] & ~long[:, None, None, None]  # nothing is read there
    for layer in range(2):
        cache = module.PackedKvCache(SLOTS, HEADS, FAR, WIDTH, mx.float32)
        keys = _keys(seed + layer, SLOTS, HEADS, FAR, WIDTH)  # left from others
        values = _numbers(seed + 9 + layer, SLOTS, HEADS, FAR, WIDTH)
        cache.keys, cache.values = (mx.where(never, float("nan"), each) for each in (keys, values))
        caches.append(cache)
    attend, found = module.packed_attend(packed, caches), list[Any]()
    count = packed.tokens.size
    for layer in (1, 0):
        keys, values = _keys(seed + 20 + layer, count, HEADS, WIDTH), _numbers(seed + 30 + layer, count, HEADS, WIDTH)
        out = attend(layer, _queries(seed + 40 + layer, count), keys, values)
        here = mx.array(
            [slot * FAR + at for slot, at in zip(packed.slots.tolist(), packed.positions.tolist(), strict=True)]
        )
        stored = [each.swapaxes(1, 2).reshape(-1, HEADS, WIDTH) for each in (caches[layer].keys, caches[layer].values)]
        found.append([out[..., 0], list(out.shape), [[each[here], each[:40, :, 0]] for each in stored]])
    return [found, _groups(module, case["lengths"]), _groups(module, [None] * 3), _groups(module, [5, None, 900])]


def _groups(module: Any, lengths: list[int | None]) -> Any:
    """What the runs cost together, and whether they are runs: of several that cost as little, any will do."""
    groups, live = module.length_groups(lengths), [slot for slot, each in enumerate(lengths) if each is not None]
    inside = [slot for group in groups for slot in group if lengths[slot] is not None]
    cost = sum(
        module.GROUP_COST + len(group) * max(length for slot in group if (length := lengths[slot]) is not None)
        for group in groups
    )
    ends = all(lengths[group[0]] is not None and lengths[group[-1]] is not None for group in groups)
    return [cost, inside == live, ends]


def _copying(random: Random) -> Case:
    size, copies = random.choice([1, 2, 3]), list[list[int]]()
    for slot in random.sample(range(SLOTS), random.randint(1, 3)):
        places = sorted(random.sample(range(LONGEST // size), random.randint(1, 5)))
        if random.random() < 0.5:
            places = list(range(places[0], min(places[0] + 4, LONGEST // size)))
        copies += [[0, slot, place * size] for place in places]
    numbers = random.sample(range(24), len(copies))
    if random.random() < 0.3:
        random.shuffle(copies)
    for copy, number in zip(copies, numbers, strict=True):
        copy[0] = number
    return {"copies": copies, "size": size, "seed": random.randrange(10**6)}


@sheet("11.5", _copying, 10)
def _copied(case: Case) -> Any:
    import mlx.core as mx

    module, seed, size = load("block_store"), case["seed"], case["size"]
    store = module.BlockStore(24, HEADS, size, WIDTH, mx.float32)
    store.keys, store.values = (_numbers(seed + n, 24, HEADS, size, WIDTH) for n in range(2))
    cache = load("packed_attention").PackedKvCache(SLOTS, HEADS, LONGEST, WIDTH, mx.float32)
    cache.keys, cache.values = (_numbers(seed + n, SLOTS, HEADS, LONGEST, WIDTH) for n in (2, 3))
    copies, found = [load("caching").BlockCopy(*each) for each in case["copies"]], list[Any]()

    def look() -> None:
        found.append([each[..., 0] + 1000 * each[..., 3] for each in (store.keys, store.values)])
        found.append([each[..., 0] + 1000 * each[..., 3] for each in (cache.keys, cache.values)])

    store.load(copies, cache)
    look()
    cache.keys, cache.values = (_numbers(seed + n, SLOTS, HEADS, LONGEST, WIDTH) for n in (4, 5))
    store.keep(copies, cache)
    look()
    store.load([], cache)
    store.keep([], cache)
    in_order = sorted(copies, key=lambda copy: (copy.slot, copy.start))
    runs = [[numbers, slot, start, stop] for numbers, slot, start, stop in module._runs(in_order, size)]
    return [found, runs]


@sheet("12.4", _mixed, 12)
def _paged(case: Case) -> Any:
    import mlx.core as mx

    module, seed, size = load("paged_attention"), case["seed"], case["size"]
    packed, count, order = _packed(case), 0, Random(seed)
    needed = {f"r{slot}": -(-(start + length) // size) for slot, start, length in case["works"]}
    rows = {work.request_id for work in packed.rows}
    numbers = order.sample(range(160), sum(needed.values()) + 2 * len(needed))
    tables = {}
    for name, pages in needed.items():  # some tables are longer than needed, and end with what is no page
        more = order.choice([0, 0, 1, 2] if name in rows else [0, 1])
        tables[name] = [*numbers[count : count + pages + min(more, 1)], *[99999] * (more // 2)]
        count += pages + 1
    caches = []
    for layer in range(2):
        cache = module.PagedKvCache(160, HEADS, size, WIDTH, mx.float32)
        cache.keys = _keys(seed + layer, 160, HEADS, size, WIDTH)
        cache.values = _numbers(seed + 9 + layer, 160, HEADS, size, WIDTH)
        caches.append(cache)
    spare = [number for number in range(160) if number not in numbers][:6]
    copies = [load("paged_kv").PageCopy(spare[n], spare[n + 3]) for n in range(3)]
    caches[0].copy(copies)
    caches[0].copy([])
    found: list[Any] = [[caches[0].keys[..., 0], caches[0].values[..., 0], caches[0].values[..., 3]]]
    attend = module.paged_attend(packed, tables, caches, module.gathering_reader)
    tokens = packed.tokens.size
    for layer in (1, 0):
        keys, values = _keys(seed + 20 + layer, tokens, HEADS, WIDTH), _numbers(seed + 30 + layer, tokens, HEADS, WIDTH)
        out = attend(layer, _queries(seed + 40 + layer, tokens), keys, values)
        found.append([out[..., 0], list(out.shape), caches[layer].keys[..., 0], caches[layer].values[..., 0]])
    found.append([list(each.tolist()) for each in module.places(packed, tables, size)])
    short = {name: table[: needed[name] - 1] for name, table in tables.items()}
    found.append(told(module.places, packed, short, size))
    pieces = module.gather(caches[0].values, mx.array([numbers[:2], numbers[1:3]]))
    return [*found, pieces[..., 0], list(pieces.shape)]
