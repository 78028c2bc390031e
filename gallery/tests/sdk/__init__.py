"""The vendor's client libraries, unmodified, against a site that really runs."""
