"""What staff read of the product at the console: lists by keyset, and pages of one thing each."""
