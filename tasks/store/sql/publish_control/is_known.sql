-- Whether an edition was made from this store.
select count(*) > 0 from published_edition where token = $token
