import type { FileKind } from '../store/file-kind.ts'

/**
 * One row a record, only ever appended to: a long run that goes on costs what is new of it. A reader takes the records below
 * the run's `count`, so that a write in many pieces shows at once, with the row of the run. A run that is written anew, as its
 * records are others than before, stands under no name until it is whole. Sums are CRC-32, as in the journal.
 */
const TABLES = `
create table defs (
  hash text primary key,
  text text not null
) strict, without rowid;

create table runs (
  id integer primary key,
  run text unique,
  root text,
  hash text not null,
  workflow text not null,
  status text not null,
  is_over integer not null,
  created integer not null,
  updated integer not null,
  count integer not null,
  header text not null,
  input text not null,
  sum integer not null
) strict;
create index runs_created on runs (created);
create index runs_status on runs (status, created);
create index runs_workflow on runs (workflow, created);
create index runs_updated on runs (is_over, updated);
create index runs_root on runs (root);
create index runs_hash on runs (hash);

create table records (
  id integer primary key,
  run integer not null,
  seq integer not null,
  body text not null,
  output text,
  sum integer not null,
  unique (run, seq)
) strict;
`

export const CHECKPOINTS: FileKind = {
  name: 'store of checkpoints',
  help: 'move the file aside (mv runs.db runs.db.damaged) or bring back a backup; the journal has what is live',
  applicationId: 0x61676c63, // "aglc"
  version: 1,
  tables: TABLES,
  migrations: [],
  givesSpaceBack: true,
}
