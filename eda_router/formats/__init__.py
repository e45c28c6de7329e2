"""Files that go in and out: benchmarks, routes."""
