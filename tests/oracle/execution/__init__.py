"""What can happen to an order, and who sends it."""
