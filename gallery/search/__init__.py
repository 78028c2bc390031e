"""Search: text becomes terms (`language`), terms narrow a list (`conditions`), lists have pages."""
