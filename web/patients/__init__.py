"""Patients: the list, one of them, their consent, and uploads for them."""
