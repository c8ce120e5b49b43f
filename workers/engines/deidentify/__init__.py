"""De-identification: identifiers become tokens before text goes to an engine elsewhere, and come back."""
