"""Values settled before the first migration."""
