"""You let the salt count in the first block only, and trusted the parent's name to carry it on. Each name must depend
on all three.

task: 11.1
caught-by: test_day_11.py::test_a_name_depends_on_all_three[salt-behind-a-parent]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = b"" if parent else salt.encode()
    lengths = array("Q", (len(parent), len(whose))).tobytes()  # so that no byte of one can pass for one of the next
    return blake2b(lengths + parent + whose + array("q", tokens).tobytes(), digest_size=16).digest()
    # task 11.1 end
