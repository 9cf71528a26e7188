"""The exam of Day 12: pages and their owners, tables that grow, copies on write."""

from __future__ import annotations

from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet, told
from tiny_batch_kit.course.implementations import load


def _handing_out(random: Random) -> Case:
    kinds = ["allocate", "allocate", "release", "release", "use", "publish", "publish", "match", "old"]
    return {
        "moves": [[random.choice(kinds), random.randrange(60), random.randint(0, 4)] for _ in range(90)],
        "pages": random.randint(3, 14),
        "size": random.choice([1, 2]),
        "weak": random.random() < 0.3,
    }


def _weak(parent: bytes, tokens: Any, salt: str) -> bytes:
    """A hash that gives different blocks the same name, as may happen by accident."""
    return bytes([sum(tokens) % 2])


@sheet("12.1", _handing_out, 32)
def _pages(case: Case) -> Any:
    names = {"hash": _weak} if case["weak"] else {}
    pool = load("block_allocator").BlockAllocator(case["pages"], case["size"], **names)
    found, held, gone = list[Any](), list[Any](), list[Any]()
    for kind, which, count in case["moves"]:
        mine: list[Any] = held[which % len(held)] if held else []
        tokens = [[which % 3, count % 2][: case["size"]], [5, 5][: case["size"]]]
        said: Any = None
        if kind == "allocate":
            got = pool.allocate(count)
            said = None if got is None else [page.number for page in got]
            held += [got] if got else []
        elif kind == "release" and held:
            part = mine[-1:] if count == 1 and len(mine) > 1 else mine
            said = told(pool.release, part)
            gone = [*part, *gone][:5]
            mine[len(mine) - len(part) :] = []
            held = [each for each in held if each]
        elif kind == "use" and held:
            said = told(pool.use, mine)
            held.append(list(mine))
        elif kind == "old" and gone and gone[0].users == 0:  # all or nothing, whatever has become of it
            said = [told(pool.release, gone[:1]), told(pool.release, [*mine, gone[0]])]
            said.append(told(pool.use, gone[:1]))
            if said[-1] is None:
                said.append(told(pool.release, gone[:1]))
        elif kind == "publish" and held:
            place = which % len(mine)
            after = mine[place - 1] if place else None
            if not mine[place].kept:
                mine[place] = pool.publish(mine[place], tokens[0], "s" * (count == 3), after)
                said = [mine[place].number, bool(mine[place].kept)]
        else:
            blocks = pool.match([*tokens[0], *tokens[1]])
            said = [page.number for page in blocks]
        found.append([said, pool.num_available, pool.num_free, [[page.users for page in each] for each in held]])
    return found


def _sharing(random: Random) -> Case:
    bases = [[random.randrange(4) for _ in range(14)] for _ in range(2)]
    asks: list[list[Any]] = []
    twins = random.random() < 0.35  # prompts that are read at the same time
    for number in range(random.randint(3, 9)):
        prompt = random.choice(bases)[: random.randint(1, 14)] + [
            random.randrange(4) for _ in range(random.randint(0, 4))
        ]
        prompt = prompt or [1]
        other = random.choice(asks) if asks and random.random() < 0.5 else None
        salt = random.choice(["", "", "", "s"])
        if other is not None:
            prompt, salt = (other[1], other[4]) if random.random() < 0.9 else (prompt, salt)
        if twins:
            prompt, salt, other = bases[0] + [number % 2] * (number % 3), "", None
        name, at = None if other is None else other[0], 0 if twins else random.choice([0, 0, 1, random.randint(0, 9)])
        asks.append([f"r{number}", prompt, random.randint(1, 9), at, salt, name])
    return {
        "asks": asks,
        "aborts": [[random.randint(2, 12), random.choice(asks)[0]]],
        "slots": random.randint(2, 6),
        "budget": 14 + random.randint(1, 6) if twins else 6 + random.randint(0, 20),
        "size": random.choice([1, 2, 3, 4]),
        "pages": random.choice([1.0, 1.2, 2.0, 4.0]),
        "headroom": random.choice([0, 1, 1, 3]),
        "spare": random.choice([0, 0, 1, 2]),
        "breaks": random.choice([0, 0, random.randint(2, 9)]),
    }


class Paper:
    """Plays a PagedRunner without a model: pages hold tokens, and the next token follows from what the tables find."""

    def __init__(self, size: int) -> None:
        self.size, self.pages, self.plans = size, dict[int, list[Any]](), list[Any]()

    def run(self, plan: Any) -> dict[str, list[int]]:
        """See the Runner of Day 9."""
        copied = {target: list(self.pages.get(source, [None] * self.size)) for source, target in plan.copies}
        self.pages |= copied
        names: dict[int, int] = {}
        said, written = dict[str, list[int]](), list[int]()
        for work, table in zip(plan.work, plan.tables, strict=True):
            for place, token in enumerate(work.tokens, work.start):
                number = table[place // self.size]
                self.pages.setdefault(number, [None] * self.size)[place % self.size] = token
                written.append(number)
        for work, table in zip(plan.work, plan.tables, strict=True):
            seen = [token for number in table for token in self.pages.get(number, [None] * self.size)]
            seen = seen[: work.start + len(work.tokens)]
            if work.wanted:
                parts = ((place + 3) * (9 if token is None else token + 1) for place, token in enumerate(seen))
                said[work.request_id] = [sum(parts) % 4]
        alike = [[names.setdefault(number, len(names)) for number in table] for table in plan.tables]
        steps = [[w.request_id, w.slot, w.start, list(w.tokens), int(w.wanted)] for w in plan.work]
        self.plans.append([steps, list(plan.preempted), alike, len(plan.copies)])
        return said


def _served(case: Case) -> Any:
    """All requests to their end: their tokens, which pages they share, and what is left in the end."""
    longest = max(len(prompt) + limit for _, prompt, limit, *_ in case["asks"])
    pages = int(-(-longest // case["size"]) * case["pages"]) + case["spare"]
    allocator = load("block_allocator").BlockAllocator(pages, case["size"])
    limits = {"max_running": case["slots"], "max_batched_tokens": case["budget"], "max_seq_len": 40}
    scheduler = load("paged_kv").PagedScheduler(allocator, headroom=case["headroom"], **limits)
    paper, make, requests, found = Paper(case["size"]), load("request").Request, dict[str, Any](), list[Any]()
    for step in range(200):
        for name, prompt, limit, at, salt, other in case["asks"]:
            if at == step:
                requests[name] = make(name, prompt, limit, cache_salt=salt, sample_of=other)
                scheduler.add(requests[name])
        for at, name in case["aborts"]:
            found.append(told(scheduler.remove, name) == "refused" if at == step else None)
        plan = scheduler.plan()
        found.append([scheduler.memory_used, allocator.num_available])
        said = paper.run(plan)
        if step + 1 != case["breaks"]:
            scheduler.commit(plan)
            for name, tokens in said.items():
                requests[name].append_token(tokens[0])
                if requests[name].is_finished:
                    scheduler.remove(name)
        found.append([[each.id, each.num_computed_tokens] for each in scheduler.running.values()])
        if step > 10 and not scheduler.has_work:
            break
    answers = [[name, requests[name].tokens] for name in sorted(requests)]
    return [answers, paper.plans, found, allocator.num_available == allocator.num_blocks]


@sheet("12.2", _sharing, 40)
def _tables(case: Case) -> Any:
    return _served(case)


@sheet("12.3", _sharing, 40)
def _copies(case: Case) -> Any:
    return _served(case)
