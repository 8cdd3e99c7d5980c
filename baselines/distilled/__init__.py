"""A policy's decisions written down as a rule: a tuned band, and a few terms."""
