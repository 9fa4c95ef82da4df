"""Why a target is missed, by how the name of its row begins: shown on the page where the row is."""

CAUSES: dict[str, str] = {}
