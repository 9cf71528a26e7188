"""You returned the name as text: it must be bytes, because the next block's name is made of it.

task: 11.1
caught-by: test_day_11.py::test_a_name_is_bytes_and_always_the_same
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = salt.encode()
    lengths = array("Q", (len(parent), len(whose))).tobytes()  # so that no byte of one can pass for one of the next
    return blake2b(lengths + parent + whose + array("q", tokens).tobytes(), digest_size=16).hexdigest()
    # task 11.1 end
