import type { JournalRecord } from '@agentloom/engine'
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Checkpoint } from './checkpoint-store.ts'

/** Characters that are turned into JSON at once: some 0.1 ms, so that the event loop stays free whatever an output weighs. */
const PIECE_CHARACTERS = 64 * 1024
const CHUNK_CHARACTERS = 256 * 1024

/** Version of the file's form. */
export const CHECKPOINT_FORMAT = 1

/** Writes beside the file, syncs, and renames: a reader sees the old file or the new one, whole. Mode 0600. */
export async function writeCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await using handle = await open(temporary, 'wx', 0o600)
    for (const chunk of chunksOf(checkpoint)) await handle.write(chunk)
    await handle.datasync()
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await rename(temporary, file)
}

function* chunksOf(checkpoint: Checkpoint): Generator<string> {
  let chunk = ''
  for (const piece of piecesOf(checkpoint)) {
    chunk += piece
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}

function* piecesOf({ header, definitionText, records }: Checkpoint): Generator<string> {
  const { input, ...rest } = header
  yield `{"format":${CHECKPOINT_FORMAT},"header":{${JSON.stringify(rest).slice(1, -1)},"input":`
  yield* textPieces(input)
  yield '},"definition":'
  yield* textPieces(definitionText)
  yield ',"records":['
  for (const [index, record] of records.entries()) {
    if (index > 0) yield ',\n'
    yield* recordPieces(record)
  }
  yield ']}\n'
}

function* recordPieces(record: JournalRecord): Generator<string> {
  if (record.kind !== 'committed') {
    yield JSON.stringify(record)
    return
  }
  const { output, ...rest } = record
  yield `{${JSON.stringify(rest).slice(1, -1)},"output":`
  yield* textPieces(output)
  yield '}'
}

/** A JSON string in pieces. A pair of surrogates that falls apart is written as two escapes, and read as the pair again. */
function* textPieces(text: string): Generator<string> {
  yield '"'
  for (let at = 0; at < text.length; at += PIECE_CHARACTERS) {
    yield JSON.stringify(text.slice(at, at + PIECE_CHARACTERS)).slice(1, -1)
  }
  yield '"'
}
