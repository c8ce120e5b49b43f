"""Voice activity, speakers and chunks."""
