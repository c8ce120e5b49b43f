"""Rotation of subjects' keys: everything that such a key sealed is sealed anew."""
