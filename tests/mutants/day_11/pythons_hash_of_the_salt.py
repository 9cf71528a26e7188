"""You made a number of the salt with Python's own hash: for a string it is different in every process.

task: 11.1
caught-by: test_day_11.py::test_every_process_says_the_same[salt]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = hash(salt).to_bytes(8, "little", signed=True)
    lengths = array("Q", (len(parent), len(whose))).tobytes()  # so that no byte of one can pass for one of the next
    return blake2b(lengths + parent + whose + array("q", tokens).tobytes(), digest_size=16).digest()
    # task 11.1 end
