"""One measurement in this process, printed as JSON.

`python -m tiny_batch_kit.versus SIDE WORKLOAD MODEL IMPL` serves a workload; with `profile` for SIDE, a decode step is
taken apart.
"""

import json
import sys
from dataclasses import asdict, replace


def main(side: str, workload: str, model: str, impl: str) -> None:
    """Serve the workload once to warm up on its first two requests, then for real, and print how it went."""
    from tiny_batch_kit import blas, implementations

    blas.use_fast()  # before anything imports mlx
    implementations.install(impl)
    from tiny_batch_kit.checkpoints import load_checkpoint
    from tiny_batch_kit.versus.profile import profile
    from tiny_batch_kit.versus.sides import OURS, SIDES
    from tiny_batch_kit.versus.workloads import WORKLOADS
    from tiny_batch_kit.ways.trace import from_jobs

    checkpoint = load_checkpoint(model)
    if side == "profile":
        arranged = replace(checkpoint, model=OURS["engine"].arrange(checkpoint.model))
        print(json.dumps(asdict(profile(arranged))))
        return
    checkpoint = replace(checkpoint, model=SIDES[side].arrange(checkpoint.model))
    asked = from_jobs(checkpoint, WORKLOADS[workload]())
    SIDES[side].serve(checkpoint, [replace(one, limit=2, arrival=0.0) for one in asked[:2]])
    print(json.dumps(asdict(SIDES[side].serve(checkpoint, asked))))


if __name__ == "__main__":
    main(*sys.argv[1:])
