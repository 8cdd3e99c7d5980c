"""What the desk owes or may trade, and its value on the surface."""
