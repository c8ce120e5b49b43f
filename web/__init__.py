"""The pages: rendered here, without a build step, for people who sign in with a browser."""
