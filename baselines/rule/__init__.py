"""What all rules have in common: a centre, a band around it, a memory, parameters."""
