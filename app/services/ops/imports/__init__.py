"""Real histories out of CSV files: how a file is read, what of it is booked, and the resumable run that books it."""
