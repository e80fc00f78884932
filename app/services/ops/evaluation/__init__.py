"""How the score does on real histories that were imported: the rows it is asked about, the trials, the tables."""
