"""Imaging: bytes in, bytes or facts out."""
