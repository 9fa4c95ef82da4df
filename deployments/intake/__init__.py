"""The intake service: events and providers' logs over HTTP."""
