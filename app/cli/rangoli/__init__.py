"""The drawing of each badge: a rangoli, petals turned about a centre, one pattern for each, as SVG.

A pattern is data (patterns.py): layers from the ground up, each a shape (petals.py) repeated about the centre.
"""
