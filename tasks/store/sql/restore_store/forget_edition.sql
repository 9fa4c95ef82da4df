-- No edition follows from this state.
update published_edition set edition = -1
