"""The pieces below the services: tables and every query."""
