"""The yardstick: dynamic programming, exponential utility."""
