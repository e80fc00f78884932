"""Use cases: one module each; they flush and never commit."""
