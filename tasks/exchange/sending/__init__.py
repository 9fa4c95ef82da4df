"""Messages on their way out: rendered, composed, handed over, and the record of it."""
