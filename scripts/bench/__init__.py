"""Measures the overlay against what a user would pick instead: ``python -m scripts.bench [--quick]``."""
