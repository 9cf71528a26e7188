"""Serving a workload for real: what arrives when, and each way of batching that the days build."""
