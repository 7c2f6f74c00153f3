"""Runs of labelled memories, drawn by chance."""
