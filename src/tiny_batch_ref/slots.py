"""Day 6: which request has which slot. A slot is a row of every layer's cache."""

from __future__ import annotations

import heapq


class SlotManager:
    """Hands out the slots 0 to `max_slots` − 1, the lowest free one first, and takes them back.

    Lowest first keeps the live slots together at the front, whatever comes and goes, and makes every run repeatable.
    """

    def __init__(self, max_slots: int) -> None:
        """All slots are free. Raises ValueError if there is none at all."""
        if max_slots < 1:
            raise ValueError(f"max_slots is {max_slots}: give at least 1")
        self.max_slots = max_slots
        self._free = list(range(max_slots))  # a heap: its first entry is the lowest
        self._slot_of: dict[str, int] = {}

    @property
    def slot_of(self) -> dict[str, int]:
        """The slot of each request that has one: a copy."""
        return dict(self._slot_of)

    @property
    def num_free(self) -> int:
        """How many slots are free."""
        return self.max_slots - len(self._slot_of)

    def allocate_slot(self, request_id: str) -> int | None:
        """The lowest free slot, which is the request's from now on; None, and nothing changes, if all are taken.

        Raises ValueError if the request has a slot already: a second one would never be given back.
        """
        # task 6.1 begin
        if request_id in self._slot_of:
            raise ValueError(f"request {request_id!r} has slot {self._slot_of[request_id]} already: free it first")
        if not self._free:
            return None
        slot = heapq.heappop(self._free)
        self._slot_of[request_id] = slot
        return slot
        # task 6.1 end

    def free_slot(self, request_id: str) -> int:
        """Take the request's slot back, and return which it was.

        Raises ValueError, and changes nothing, if the request has none.
        """
        # task 6.1 begin
        if request_id not in self._slot_of:
            raise ValueError(f"request {request_id!r} has no slot: it has none yet, or was freed before")
        slot = self._slot_of.pop(request_id)
        heapq.heappush(self._free, slot)
        return slot
        # task 6.1 end
