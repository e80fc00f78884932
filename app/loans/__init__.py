"""What a loan costs and how it is paid back: pure arithmetic in whole paise. No Flask, database or clock."""
