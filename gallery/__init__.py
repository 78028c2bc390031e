"""Photolib's one app: photos, tags, and everything between them."""
