"""Reading what arrives: every format becomes one frame of JSON documents."""
