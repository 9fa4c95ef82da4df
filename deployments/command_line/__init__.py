"""The `message-center` command: a thin front over the flows and the stores."""
