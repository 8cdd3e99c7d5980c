"""Rules that trade options too."""
