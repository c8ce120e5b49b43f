"""What the pipeline's steps, the dispatcher and the gauges ask of the database."""
