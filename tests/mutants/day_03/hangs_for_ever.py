"""You waited for a batch without a limit. When it hangs, every caller hangs.

task: 3.2
caught-by: test_day_03.py::test_a_batch_that_hangs_is_given_up
"""


class DynamicBatcher:
    async def _answer(self, batch):
        # task 3.1 begin
        try:
            if True:
                results = await self.run_batch([ticket.request for ticket in batch])
            if len(results) != len(batch):
                raise WrongCount("wrong count")
        except Exception as error:
            for ticket in batch:
                if not ticket.answer.done():
                    ticket.answer.set_exception(error)
        else:
            for ticket, result in zip(batch, results):
                if not ticket.answer.done():
                    ticket.answer.set_result(result)
        # task 3.1 end
