"""What a problem may be told: names of its settings."""

KEYS = ("p", "memories", "f0", "target", "gap", "generation_time", "distillation_time", "final_step", "discarding")
"""What a problem file may say, and how options on the command line are called."""

TABLES = ("rules", "budgets")
"""The tables that a problem file may have: rules with their arguments, and limits by resource."""

MAP = "distillation"
"""What the description of a problem calls its map; problem files do not speak of it."""

REQUIRED = ("p", "memories", "f0")
