"""Random problems, settings and damaged files against what must always hold."""
