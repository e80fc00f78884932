"""Measurements of the running product, each beside a yardstick taken in the same run."""
