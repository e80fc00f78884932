"""The log of what must be answered for."""
