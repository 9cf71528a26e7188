"""You drew from the target where a guess was refused. But what it shares with the draft was accepted already: such
tokens would come too often.

task: 13.4
caught-by: test_day_13.py::test_the_first_token_is_distributed_as_the_target_says[the-draft-says-too-much]
"""


def residual(target, draft):
    # task 13.4 begin
    return target
    # task 13.4 end
