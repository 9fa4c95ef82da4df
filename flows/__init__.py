"""One Prefect flow a file: what runs, in which order."""
