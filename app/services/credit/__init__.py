"""The score: gathered, made, kept, shown; the models behind it."""
