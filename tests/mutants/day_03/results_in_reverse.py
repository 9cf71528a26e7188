"""You paired results with the wrong callers: they come in the order of the requests.

task: 3.1
caught-by: test_day_03.py::test_a_full_batch_does_not_wait
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
            for ticket in batch:
                if not ticket.answer.done():
                    ticket.answer.set_exception(error)
        else:
            for ticket, result in zip(batch, reversed(list(results))):
                if not ticket.answer.done():
                    ticket.answer.set_result(result)
        # task 3.1 end
