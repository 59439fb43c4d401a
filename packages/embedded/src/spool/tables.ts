import type { FileKind } from '../store/file-kind.ts'

/** What a worker knows of the runs that it worked on. Sums are CRC-32, as in the journal. */
const TABLES = `
create table defs (
  hash text primary key,
  text text not null
) strict, without rowid;

create table runs (
  id integer primary key,
  run text not null unique,
  hash text not null,
  header text not null,
  touched integer not null,
  leaving integer
) strict;

create table facts (
  id integer primary key,
  run text not null,
  body text not null,
  sum integer not null
) strict;
create index facts_run on facts (run);
`

export const SPOOL: FileKind = {
  name: 'spool',
  help: 'move the file away: what it holds is needed only after a loss of Redis data',
  applicationId: 0x616c_7370, // "alsp"
  version: 2,
  readableFrom: 1,
  tables: TABLES,
  migrations: ['alter table runs add column leaving integer'],
  givesSpaceBack: true,
}
