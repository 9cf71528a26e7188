"""You send the usage whether or not it was asked for. Clients that have not asked stumble over a chunk without a choice.

task: 15.6
caught-by: test_day_15.py::test_the_usage_is_last_if_it_is_wanted
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
            if True:
                yield self._wire.last(self.usage())
        finally:
            self.leave()
        # task 15.6 end
