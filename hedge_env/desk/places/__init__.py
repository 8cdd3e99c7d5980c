"""Orders at several places: several venues at once, or two chains."""
