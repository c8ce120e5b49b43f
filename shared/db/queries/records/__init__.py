"""Sessions, patients, notes and what belongs to them."""
