"""You made a set of the tokens: how often they come, and in which order, is lost.

task: 11.1
caught-by: test_day_11.py::test_a_name_depends_on_all_three[how-often]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = salt.encode()
    lengths = array("Q", (len(parent), len(whose))).tobytes()  # so that no byte of one can pass for one of the next
    told = array("q", sorted(set(tokens))).tobytes()
    return blake2b(lengths + parent + whose + told, digest_size=16).digest()
    # task 11.1 end
