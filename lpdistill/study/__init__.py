"""Many problems: grids of parameters, the results that are kept of them, and how they are computed."""
