"""Requests over HTTP: the documents of the command line, served."""
