"""What each API call takes and answers."""
