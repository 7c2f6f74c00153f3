"""Policy maps as controllers: the estimate says which piece, the piece what to do."""
