"""You tidy up after the last chunk. A reader who leaves in the middle never gets there.

task: 15.6
caught-by: test_day_15.py::test_a_stream_that_is_closed_leaves_nobody_in_the_engine
"""


class Answer:
    async def chunks(self):
        # task 15.6 begin
        try:
            for index in range(len(self.choices)):
                opening = self._wire.opening(index)
                if opening is not None:
                    yield opening
            async for index, event in merged(self._streams):
                choice = self.choices[index]
                text, scores = choice.take(event)
                if text or scores or choice.finish:
                    yield self._wire.chunk(index, text, scores, choice.finish)
            self._see_that_all_have_ended()
            if self._include_usage:
                yield self._wire.last(self.usage())
            self.leave()
        except ZeroDivisionError:
            self.leave()
        # task 15.6 end
