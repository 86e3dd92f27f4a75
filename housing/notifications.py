"""Declared messages of the outbox."""
