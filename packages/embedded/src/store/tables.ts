import type { FileKind } from './file-kind.ts'

/**
 * `records` is an ordinary rowid table that is only ever appended to, so that a group of commits of many runs dirties few
 * pages; (run, seq) lives in a small index, and being unique it fences a second writer of the same run. One row holds what
 * one command wrote. Sums are CRC-32 of the texts of their row: SQLite does not notice a flipped bit inside a value.
 */
const TABLES = `
create table defs (
  hash text primary key,
  text text not null
) strict, without rowid;

create table processes (
  id integer primary key,
  pid integer not null,
  started text,
  host text not null,
  seen integer not null
) strict;

create table runs (
  id integer primary key,
  run text not null unique,
  hash text not null,
  workflow text not null,
  header text not null,
  input text not null,
  sum integer not null,
  status text not null,
  error text,
  created integer not null,
  updated integer not null,
  owner integer,
  limits text,
  parent text
) strict;
create index runs_created on runs (created);
create index runs_parent on runs (parent) where parent is not null;

create table records (
  id integer primary key,
  run integer not null,
  seq integer not null,
  at integer not null,
  body text not null,
  output text,
  sum integer not null,
  unique (run, seq)
) strict;

create table wishes (
  id integer primary key,
  run integer not null,
  wish text not null,
  body text not null,
  unique (run, wish, body)
) strict;
`

/** From each version to the next. Wishes are of living processes only, and none of those has had the file open. */
const MIGRATIONS: readonly string[] = [
  `
alter table runs add column limits text;
alter table runs add column parent text;
create index runs_parent on runs (parent) where parent is not null;
drop table wishes;
create table wishes (
  id integer primary key,
  run integer not null,
  wish text not null,
  body text not null,
  unique (run, wish, body)
) strict;
`,
]

export const JOURNAL: FileKind = {
  name: 'journal',
  help: 'move the file aside (mv journal.db journal.db.damaged) and resume from checkpoints, or bring back a backup; it is left untouched',
  applicationId: 0x61676c6f, // "aglo"
  version: 2,
  tables: TABLES,
  migrations: MIGRATIONS,
  givesSpaceBack: false,
}
