"""What an optimum is worth: trade-offs between time and other resources."""
