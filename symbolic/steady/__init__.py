"""The steady state exactly: rates as fractions, with certificates."""
