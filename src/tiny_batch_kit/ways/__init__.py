"""The ways to serve: one by one, static, dynamic and continuous batches, each on the same requests and clock.

`trace` has the requests, `run` what a run collects, `serving` the ways themselves.
"""
