"""HTTP that the API and the pages share: callers, cookies, limits, request ids."""
