"""Exact values of policies, and certificates of optima."""
