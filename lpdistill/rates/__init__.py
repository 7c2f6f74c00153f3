"""Rates of the steady state: pairs and key per unit of time, with what users share and what limits are worth."""
