"""Many problems: grids of parameters with the results that are kept of them, and the published study reproduced."""
