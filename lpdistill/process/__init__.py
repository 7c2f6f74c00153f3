"""Decision processes: columns that are priced all at once, and chosen a few at a time."""
