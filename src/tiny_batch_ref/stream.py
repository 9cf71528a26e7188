"""Day 15: what one reader still has to read. The writer never waits; a reader who is too slow is cut off."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class TooSlow(RuntimeError):
    """The reader left too much unread, and was cut off."""


class EventStream(Generic[T]):
    """The events of one request on their way to its one reader. Everything here happens on one event loop."""

    def __init__(self, bound: int = 256) -> None:
        """bound: how many events may lie unread. Raises ValueError if it is below 1."""
        if bound < 1:
            raise ValueError(f"bound is {bound}: a stream must be able to hold at least 1 event")
        self.bound = bound
        self._unread: deque[T] = deque()
        self._ended = False
        self._error: Exception | None = None
        self._news = asyncio.Event()  # set when there is something to read, or to be told

    @property
    def ended(self) -> bool:
        """Whether no more events come: the stream was ended, or its reader cut off. Some may still be unread."""
        return self._ended

    def put(self, event: T) -> bool:
        """Take the next event, without ever waiting for the reader. Returns whether the reader can get it.

        If `bound` events lie unread already, this one is dropped, and the stream ends with TooSlow. Once the stream has
        ended, for whatever reason, events are dropped.
        """
        # task 15.1 begin
        if not self._ended and len(self._unread) >= self.bound:
            self.end(TooSlow(f"{self.bound} events lay unread, and another one came: read faster"))
        if self._ended:
            return False
        self._unread.append(event)
        self._news.set()
        return True
        # task 15.1 end

    def end(self, error: Exception | None = None) -> None:
        """No more events come. The reader reads what lies there, and then stops, or gets `error`.

        There is one end: a stream that has ended stays as it is.
        """
        # task 15.1 begin
        if not self._ended:
            self._ended, self._error = True, error
            self._news.set()
        # task 15.1 end

    def __aiter__(self) -> EventStream[T]:
        return self

    async def __anext__(self) -> T:
        """The next event, in the order in which they were put: at once if one lies there, else as soon as one comes.

        After the last one: StopAsyncIteration if the stream has ended well, else its error; and again if asked again.
        It sleeps until there is news, and never polls. A reader that is cancelled while waiting loses no event.
        """
        # task 15.1 begin
        while not self._unread:
            if self._ended:
                raise self._error or StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._unread.popleft()
        # task 15.1 end
