"""Message templates as their authors write them, and the sandbox their texts run in."""
