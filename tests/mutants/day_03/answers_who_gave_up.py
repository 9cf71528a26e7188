"""You answered a caller that had given up: its future is done, setting it again is an error, and the error ends the worker.

task: 3.2
caught-by: test_day_03.py::test_a_caller_who_gives_up_while_running_harms_nobody
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
            for ticket, result in zip(batch, results):
                ticket.answer.set_result(result)
        # task 3.1 end
