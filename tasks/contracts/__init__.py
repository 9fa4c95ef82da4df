"""What each frame means. Knows Polars and dataframely, and nothing else of ours."""
