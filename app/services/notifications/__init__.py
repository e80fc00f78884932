"""What savers are told: the inbox, and what of it leaves by e-mail, push and SMS."""
