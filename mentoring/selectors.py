"""Reads for pages, with a bounded number of queries."""
