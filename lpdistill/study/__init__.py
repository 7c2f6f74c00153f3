"""Many problems: parameter sweeps, and the published study reproduced."""
