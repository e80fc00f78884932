"""Documents a saver takes along: drawn from values alone, for the API and the pages alike."""
