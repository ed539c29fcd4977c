-- The mechanism's own tables, the same in every store; read tables are made from each room's own definitions.
create table if not exists events (
  position    bigint generated always as identity,
  stream      text not null,
  version     integer not null,
  id          text not null,
  type        text not null,
  schema      smallint not null,
  data        json not null,
  at          timestamptz not null,
  actor       text not null,
  correlation text not null,
  causation   text,
  primary key (stream, version)
);
create unique index if not exists events_position on events (position);

-- Public events on their way to a topic, packed: one row holds some messages of one commit, in their order.
create table if not exists outbox (
  id       bigint generated always as identity primary key,
  topic    text not null,
  count    integer not null,
  at       timestamptz not null,
  messages bytea not null
);
do $$ begin  -- parcels were JSON once
  if (select data_type from information_schema.columns where table_schema = current_schema() and table_name = 'outbox' and column_name = 'messages') = 'json' then
    alter table outbox alter column messages type bytea using convert_to(messages::text, 'UTF8');
  end if;
end $$;
alter table outbox alter column messages set storage external;
alter table outbox set (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);

-- One row for each (message, reaction) that was worked through; `refused` names the rule that said no.
create table if not exists inbox (
  event    uuid not null,
  reaction text not null,
  refused  text,
  at       timestamptz not null default now(),
  primary key (event, reaction)
);

create table if not exists parked (
  id          bigint generated always as identity primary key,
  event       text,
  topic       text not null,
  partition   integer not null,
  place       bigint not null,
  key         text not null,
  type        text,
  value       bytea not null,
  at          timestamptz,
  correlation text,
  causation   text,
  reaction    text,
  reason      text not null,
  attempts    integer not null default 1,
  first_at    timestamptz not null default now(),
  last_at     timestamptz not null default now(),
  redriven_at timestamptz,
  unique (topic, partition, place)
);
create index if not exists parked_key on parked (key) where redriven_at is null;
-- What was set aside has `redriven_at` too: it waits for nobody and blocks nothing. Why is a person's text and stays in this row.
alter table parked add column if not exists set_aside_by text, add column if not exists set_aside_why text;

create table if not exists idempotency (
  client      text not null,
  key         text not null,
  fingerprint text not null,
  status      integer,
  media       text,
  body        bytea,
  at          timestamptz not null default now(),
  primary key (client, key)
);
create index if not exists idempotency_at on idempotency (at);

-- Keys of the people whose data is sealed here; a destroyed key leaves a row without a key.
create table if not exists subject_keys (
  subject      text primary key,
  wrapped      bytea,
  made_at      timestamptz not null default now(),
  destroyed_at timestamptz
);

create table if not exists effects_due (
  id      text primary key,
  effect  text not null,
  stream  text not null,
  version integer not null,
  attempt integer not null default 0,
  due_at  timestamptz not null,
  why     text
);
create index if not exists effects_due_at on effects_due (effect, due_at, id);

create table if not exists deadlines (
  id        text primary key,
  name      text not null,
  stream_id text not null,
  due_at    timestamptz not null,
  facts     jsonb not null default '{}'
);
create index if not exists deadlines_due_at on deadlines (due_at);

create table if not exists sequences (name text primary key, next bigint not null default 1);

create table if not exists read_tables (
  name        text primary key,
  fingerprint text not null,
  rebuilt_at  timestamptz
);
