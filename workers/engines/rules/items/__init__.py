"""Finders of what was agreed and told: tasks, appointments, medication, facts of the record."""
