"""Identity papers: sent by savers, looked at by staff."""
