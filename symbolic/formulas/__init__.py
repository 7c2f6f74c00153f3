"""Formulas of levels and of what distillation can reach."""
