"""You joined pages by a reshape alone: what lies side by side in a page are heads, not positions.

task: 12.4
caught-by: test_day_12.py::test_pages_in_one_piece
"""


def gather(pages, tables):
    # task 12.4 begin
    found = pages[tables]
    return found.reshape(len(tables), pages.shape[1], -1, pages.shape[-1])
    # task 12.4 end
