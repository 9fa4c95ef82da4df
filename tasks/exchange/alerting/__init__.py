"""How alerts leave, and which were told already."""
