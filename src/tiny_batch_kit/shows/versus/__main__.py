"""One measurement in this process, printed as JSON.

`python -m tiny_batch_kit.shows.versus SIDE WORKLOAD MODEL IMPL` serves a workload; with `profile` for SIDE, a decode
step is taken apart; with `served`, WORKLOAD is a Crowd as JSON, whom the server's engine answers.
"""

import json
import sys
from dataclasses import asdict, replace


def main(side: str, workload: str, model: str, impl: str) -> None:
    """Serve the workload once to warm up on its first two requests, then for real, and print how it went."""
    from tiny_batch_kit.course import implementations
    from tiny_batch_kit.machine import blas

    blas.use_fast()  # before anything imports mlx
    implementations.install(impl)
    from tiny_batch_kit.model.checkpoints import load_checkpoint
    from tiny_batch_kit.serving.trace import from_jobs
    from tiny_batch_kit.serving.yardsticks import ROWS, WORKLOADS
    from tiny_batch_kit.shows.versus.profile import profile
    from tiny_batch_kit.shows.versus.sides import OURS, SIDES
    from tiny_batch_kit.shows.versus.talks import TALKING, WORKLOAD, trace

    checkpoint = load_checkpoint(model)
    if side == "profile":
        arranged = replace(checkpoint, model=OURS["engine"].arrange(checkpoint.model))
        print(json.dumps(asdict(profile(arranged))))
        return
    if side == "served":
        from tiny_batch_kit.shows.versus.servers import Crowd, engine_alone

        arranged = replace(checkpoint, model=OURS["engine"].arrange(checkpoint.model))
        print(json.dumps(asdict(engine_alone(arranged, Crowd(**json.loads(workload)).shots()))))
        return
    if workload == WORKLOAD:
        talking = replace(checkpoint, model=TALKING[side].arrange(checkpoint.model))
        TALKING[side].serve(talking, trace(checkpoint)[:1], ROWS)
        print(json.dumps(asdict(TALKING[side].serve(talking, trace(checkpoint), ROWS))))
        return
    checkpoint = replace(checkpoint, model=SIDES[side].arrange(checkpoint.model))
    asked, rows = from_jobs(checkpoint, WORKLOADS[workload].jobs()), WORKLOADS[workload].rows
    SIDES[side].serve(checkpoint, [replace(one, limit=2, arrival=0.0) for one in asked[:2]], rows)
    print(json.dumps(asdict(SIDES[side].serve(checkpoint, asked, rows))))


if __name__ == "__main__":
    main(*sys.argv[1:])
