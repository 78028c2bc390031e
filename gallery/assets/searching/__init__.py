"""Searches as programs ask them: an expression becomes pages, counts and groups of assets."""
