-- An edition that is about to be made.
insert into published_edition values ($token)
