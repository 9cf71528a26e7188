"""One side and one workload in this process: `python -m tiny_batch_kit.versus SIDE WORKLOAD MODEL IMPL` prints JSON."""

import json
import sys
from dataclasses import asdict


def main(side: str, workload: str, model: str, impl: str) -> None:
    """Serve the workload once to warm up on its first two requests, then for real, and print how it went."""
    from tiny_batch_kit import blas, implementations

    blas.use_fast()  # before anything imports mlx
    implementations.install(impl)
    from dataclasses import replace

    from tiny_batch_kit.checkpoints import load_checkpoint
    from tiny_batch_kit.versus.sides import SIDES
    from tiny_batch_kit.versus.workloads import WORKLOADS
    from tiny_batch_kit.ways.trace import from_jobs

    checkpoint = load_checkpoint(model)
    checkpoint = replace(checkpoint, model=SIDES[side].arrange(checkpoint.model))
    asked = from_jobs(checkpoint, WORKLOADS[workload]())
    SIDES[side].serve(checkpoint, [replace(one, limit=2, arrival=0.0) for one in asked[:2]])
    print(json.dumps(asdict(SIDES[side].serve(checkpoint, asked))))


if __name__ == "__main__":
    main(*sys.argv[1:])
