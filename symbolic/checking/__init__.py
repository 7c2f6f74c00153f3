"""A check of certificates in integers that shares nothing with what made them."""
