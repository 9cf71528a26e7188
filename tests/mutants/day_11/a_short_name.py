"""You made names of 4 bytes: among 100,000 blocks, some two will have the same.

task: 11.1
caught-by: test_day_11.py::test_a_name_is_bytes_and_always_the_same
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = salt.encode()
    lengths = array("Q", (len(parent), len(whose))).tobytes()  # so that no byte of one can pass for one of the next
    return blake2b(lengths + parent + whose + array("q", tokens).tobytes(), digest_size=4).digest()
    # task 11.1 end
