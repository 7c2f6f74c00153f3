"""What a user asks: hardware, target, conventions and budgets."""
