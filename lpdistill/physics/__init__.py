"""What two nodes can do to pairs: maps, and the levels that they make."""
