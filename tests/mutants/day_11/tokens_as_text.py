"""You wrote the tokens one after the other as text: 1, 23 and 12, 3 are the same digits.

task: 11.1
caught-by: test_day_11.py::test_no_part_passes_for_another[digits]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = salt.encode()
    lengths = array("Q", (len(parent), len(whose))).tobytes()  # so that no byte of one can pass for one of the next
    told = "".join(map(str, tokens)).encode()
    return blake2b(lengths + parent + whose + told, digest_size=16).digest()
    # task 11.1 end
