"""What an agent sees, does and is paid."""
