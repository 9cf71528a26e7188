"""You put the first positions of all pages before the second ones: pages come one behind the other.

task: 12.4
caught-by: test_day_12.py::test_pages_in_one_piece
"""


def gather(pages, tables):
    # task 12.4 begin
    found = pages[tables].transpose(0, 2, 3, 1, 4)
    return found.reshape(*found.shape[:2], -1, found.shape[-1])
    # task 12.4 end
