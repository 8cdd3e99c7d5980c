"""What a trade in the hedge instrument costs."""
