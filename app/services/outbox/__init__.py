"""What leaves the system, handed on after the commit."""
