"""What staff and operators do: reversals, checkpoints, imports, demo data, the clock."""
