"""What happens here and matters to a higher domain."""
