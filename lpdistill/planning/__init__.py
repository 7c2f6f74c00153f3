"""From an objective to the hardware that meets it at the least cost."""
