"""You send the whole text so far in each chunk. Clients join chunks: they would show everything again and again.

task: 15.6
caught-by: test_day_15.py::test_chunks_bring_what_is_new
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
                    yield self._wire.chunk(index, choice.text, scores, choice.finish)
            self._see_that_all_have_ended()
            if self._include_usage:
                yield self._wire.last(self.usage())
        finally:
            self.leave()
        # task 15.6 end
