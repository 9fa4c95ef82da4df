-- Bytes of the store's file that hold something.
select used_blocks * block_size from pragma_database_size() where database_name = 'store'
