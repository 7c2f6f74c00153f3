"""The process of a problem: every column priced without writing its transitions out."""
