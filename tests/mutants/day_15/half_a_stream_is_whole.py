"""Your stream ends as if all was well when a choice was cut off.

task: 15.6
caught-by: test_day_15.py::test_half_an_answer_is_no_answer
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
            if self._include_usage:
                yield self._wire.last(self.usage())
        finally:
            self.leave()
        # task 15.6 end
