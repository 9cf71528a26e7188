"""You let the error of a batch escape. It ends the worker, and every queued caller waits forever.

task: 3.2
caught-by: test_day_03.py::test_a_failing_batch_fails_its_own_callers_only
"""


class DynamicBatcher:
    async def _answer(self, batch):
        # task 3.1 begin
        results = await self.run_batch([ticket.request for ticket in batch])
        for ticket, result in zip(batch, results):
            if not ticket.answer.done():
                ticket.answer.set_result(result)
        # task 3.1 end
