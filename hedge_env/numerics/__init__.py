"""Elementary functions and random numbers with the same bits on every processor.

Every kernel computes with these, so that a path is the same wherever it is simulated.
"""
