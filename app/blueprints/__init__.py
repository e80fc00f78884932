"""The edges: the JSON API, the savers' pages, the operations console."""
