"""Formatting for templates; no queries."""
