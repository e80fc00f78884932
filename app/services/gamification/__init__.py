"""Streaks, freezes, badges and leaderboards: what rewards steady saving, never its size."""
