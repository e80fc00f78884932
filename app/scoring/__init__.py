"""The score, pure: values in, values out. What it needs is gathered before; nothing here knows a database."""
