"""Measures against a reference and the limits, all in the same run: see `python -m benchmarks --help`."""
