"""One keyword-only function per use case, the only writers."""
