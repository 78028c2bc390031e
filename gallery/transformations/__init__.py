"""Transformations: the vendor's language for derived pictures, and their rendering."""
