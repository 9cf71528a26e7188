"""You failed every request in the queue. Only the callers of the batch that failed should get the error.

task: 3.2
caught-by: test_day_03.py::test_a_failing_batch_fails_its_own_callers_only
"""


class DynamicBatcher:
    async def _answer(self, batch):
        # task 3.1 begin
        try:
            async with asyncio.timeout(self.batch_timeout):
                results = await self.run_batch([ticket.request for ticket in batch])
            if len(results) != len(batch):
                raise WrongCount("wrong count")
        except Exception as error:
            for ticket in [*batch, *self._queue]:
                if not ticket.answer.done():
                    ticket.answer.set_exception(error)
        else:
            for ticket, result in zip(batch, results):
                if not ticket.answer.done():
                    ticket.answer.set_result(result)
        # task 3.1 end
