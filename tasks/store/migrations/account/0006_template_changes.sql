-- Who changed which version of a template, when, and what its content was: nothing of it is ever changed.
create table template_change (
    template_id varchar not null,
    version integer not null,
    action varchar not null, -- published, unpublished, paused, resumed
    effective_at timestamptz not null, -- since when, or until when, the version is published; else changed_at
    changed_at timestamptz not null,
    changed_by varchar not null,
    content_hash varchar not null, -- SHA-256 of what makes two versions the same content
    change_seq bigint not null
);

insert into template_change
select
    template_id, version, 'published', published_at, published_at, 'unknown: published before this was noted',
    sha256(to_json([event_type, channel, queue, language, priority::varchar, condition, subject, body_text, body_html, sender])::varchar),
    nextval('change_seq')
from template
order by template_id, version;

-- Deliveries whose template version is paused: what they have not handed over waits.
create view paused_delivery as
select delivery.delivery_id
from delivery
join template
    on template.template_id = delivery.template_id and template.version = delivery.template_version
where template.paused;
