"""The demonstration's outside world: made-up events, a mail server, providers, and the page about it all."""
