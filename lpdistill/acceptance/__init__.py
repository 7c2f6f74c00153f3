"""How many pairs certify a fidelity, and what measured pairs say of it."""
