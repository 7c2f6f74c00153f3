"""What the nodes have, and which actions that leaves them."""
