"""The confined children that read what strangers made."""
