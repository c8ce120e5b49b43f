"""The whole application: the API and the pages in one process."""
