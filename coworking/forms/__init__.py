"""Forms and FilterSets: `public` for everybody's pages, `staff` for the animator's admin."""
