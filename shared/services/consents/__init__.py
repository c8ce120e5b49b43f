"""The history of a patient's consent, of everybody who takes part."""
