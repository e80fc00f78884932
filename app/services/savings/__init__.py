"""Jars, deposits, withdrawals and what they add up to."""
