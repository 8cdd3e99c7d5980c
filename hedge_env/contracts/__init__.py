"""Options as arrays: the book that is hedged, and what is struck during an episode."""
