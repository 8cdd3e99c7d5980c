"""The exact optimum of the market as it is now, as a rule anywhere."""
