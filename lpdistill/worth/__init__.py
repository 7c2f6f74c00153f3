"""What an optimum is worth: how it changes, and where it stays the optimum."""
