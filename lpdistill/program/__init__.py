"""The linear program over occupation measures, and the ways to solve it."""
