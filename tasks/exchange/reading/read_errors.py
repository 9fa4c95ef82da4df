"""What is said of a file that cannot be read at all."""


class UnreadableFileError(Exception):
    """The file as a whole is not what it claims to be; the message says what, where and what to do."""
