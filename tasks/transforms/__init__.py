"""Pure Polars: frames and parameters in, frames out. No clock, no input or output, no row loops."""
