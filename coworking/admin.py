"""The animator's back office; saves through actions."""
