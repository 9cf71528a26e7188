"""Ray Serve's own place for a custom request router, and in it a student's. Imports Ray."""

from __future__ import annotations

from typing import Any

from ray.serve.request_router import RequestRouter

from tiny_batch_kit.server.fleet import desk


class StudentsRouter(RequestRouter):  # type: ignore[misc]
    """Asks the desk, and tells it which replicas there are. All else is Ray's."""

    def initialize_state(self, desk_name: str) -> None:
        """Ray hands over what the deployment was configured with."""
        self.desk = desk.get(desk_name)

    async def choose_replicas(self, candidate_replicas: list[Any], pending_request: Any = None) -> list[list[Any]]:
        """The one replica that the student's router chose. A request that nobody takes ends here, with its error."""
        there = {replica.replica_id.unique_id: replica for replica in candidate_replicas}
        name, attempt = pending_request.args[:2]
        pending_request.routing_context.should_backoff = True  # if it can't be had at once: don't ask again at once
        try:
            return [[there[self.desk.choose(name, attempt, there.keys())]]]
        except Exception as error:  # Ray would log it, and the request would wait for ever
            if not pending_request.future.done():
                pending_request.future.set_exception(error)
            return [list(candidate_replicas)]  # Ray looks whether it is over only when it is told of some

    def update_replicas(self, replicas: list[Any]) -> None:
        """Ray tells which replicas run, and what they last said of themselves."""
        super().update_replicas(replicas)
        self.desk.seen({replica.replica_id.unique_id: replica.routing_stats for replica in replicas})

    def on_replica_actor_died(self, replica_id: Any) -> None:
        """Ray has found a replica dead."""
        super().on_replica_actor_died(replica_id)
        self.desk.gone(replica_id.unique_id)
