"""The wiring of photolib: settings, addresses and server entry points."""
