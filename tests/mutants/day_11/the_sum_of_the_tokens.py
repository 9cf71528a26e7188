"""You added the tokens up: many blocks have the same sum.

task: 11.1
caught-by: test_day_11.py::test_a_name_depends_on_all_three[sum]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = salt.encode()
    lengths = array("Q", (len(parent), len(whose))).tobytes()  # so that no byte of one can pass for one of the next
    told = array("q", [len(tokens), sum(tokens)]).tobytes()
    return blake2b(lengths + parent + whose + told, digest_size=16).digest()
    # task 11.1 end
