"""One key, one effect."""
