"""Elementary functions and random numbers with the same bits on every processor."""
