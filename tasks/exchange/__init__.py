"""Everything at the border: files that arrive, messages that leave, what others say of them."""
