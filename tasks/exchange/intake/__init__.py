"""What comes in over HTTP: tokens, calls, answers, and the spool that makes it durable."""
