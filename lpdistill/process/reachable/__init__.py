"""A problem with many levels and few memories: the configurations that can be reached, with columns written out."""
