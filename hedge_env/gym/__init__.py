"""The face to Gymnasium: one environment, and many at once."""
