"""Forms and FilterSets."""
