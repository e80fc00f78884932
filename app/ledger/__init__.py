"""Double entry in integer minor units: accounts, the one writer of money, balances, statements, verification."""
