"""You paired requests and results without counting. One caller waits forever, and nobody knows whether the other results are right.

task: 3.2
caught-by: test_day_03.py::test_a_wrong_number_of_results_is_an_error[too-few]
"""


class DynamicBatcher:
    async def _answer(self, batch):
        # task 3.1 begin
        try:
            async with asyncio.timeout(self.batch_timeout):
                results = await self.run_batch([ticket.request for ticket in batch])
        except Exception as error:
            for ticket in batch:
                if not ticket.answer.done():
                    ticket.answer.set_exception(error)
        else:
            for ticket, result in zip(batch, results):
                if not ticket.answer.done():
                    ticket.answer.set_result(result)
        # task 3.1 end
