"""The signals of consent, and what of a request may be used."""
