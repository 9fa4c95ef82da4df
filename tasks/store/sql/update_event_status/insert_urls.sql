-- Links of deliveries. Frames: new_url (url_id, delivery_id, url).
insert into tracking_url by name
select url_id, delivery_id, url, nextval('change_seq') as change_seq from new_url order by url_id
