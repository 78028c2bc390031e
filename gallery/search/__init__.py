"""Search: `language` makes a tree of a text, `meaning` a condition, `finding` pages of photos."""
