"""You averaged the batches' shares. A batch of two then weighs as much as one of two hundred: add up cells and tokens.

task: 2.4
caught-by: test_day_02.py::test_waste_is_one_share_over_all_batches
"""


def padding_waste(batches, widths=None):
    # task 2.4 begin
    shares = [1 - sum(batch) / (len(batch) * width) for batch, width in zip(batches, widths) if batch]
    return sum(shares) / len(shares) if shares else 0.0
    # task 2.4 end
