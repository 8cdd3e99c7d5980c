"""Where Stable-Baselines3 is met."""
