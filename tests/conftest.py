"""Fixtures of the whole suite. Its detectors are in plugins.py."""

pytest_plugins = ["tests.plugins"]
