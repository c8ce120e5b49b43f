"""The clinician's pages, as Flask's test client and as a browser see them."""
