"""One module for each outside system, each with its Null twin."""
