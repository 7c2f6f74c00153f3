"""How long runs take: the law of the waiting time."""
