-- Edition $edition is published, with the entries up to $superseded_upto; a store put back to an older state is not
-- where that edition saw it, and says so by another edition here.
update published_edition
set edition = $edition, superseded_upto = greatest(superseded_upto, $superseded_upto)
where edition in ($edition, $follows)
