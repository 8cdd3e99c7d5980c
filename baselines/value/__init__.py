"""What a policy costs from any decision on, whatever is held there."""
