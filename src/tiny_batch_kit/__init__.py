"""What a student of tiny-batch is given: the model, the workloads, the timelines and the commands."""
