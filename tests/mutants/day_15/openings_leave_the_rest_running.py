"""You yielded the openings before `try`. Whoever leaves among them leaves the requests in the engine.

task: 15.6
caught-by: test_day_15.py::test_a_stream_may_be_closed_among_its_openings
"""


class Answer:
    async def chunks(self):
        # task 15.6 begin
        for index in range(len(self.choices)):
            opening = self._wire.opening(index)
            if opening is not None:
                yield opening
        try:
            async for index, event in merged(self._streams):
                choice = self.choices[index]
                text, scores = choice.take(event)
                if text or scores or choice.finish:
                    yield self._wire.chunk(index, text, scores, choice.finish)
            self._see_that_all_have_ended()
            if self._include_usage:
                yield self._wire.last(self.usage())
        finally:
            self.leave()
        # task 15.6 end
