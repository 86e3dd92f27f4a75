"""Back office; saves through actions."""
