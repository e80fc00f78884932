"""Credit-builder loans: who may have one, offers, payments, what the days do, and what the score learns of it."""
