"""The process that a state graph describes, and state graphs of processes."""
