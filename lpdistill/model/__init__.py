"""What the hardware is: maps, levels, configurations, dynamics, problems and their sizes."""
