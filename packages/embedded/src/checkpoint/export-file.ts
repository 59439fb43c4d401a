import type { JournalRecord } from '@agentloom/engine'
import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import type { Checkpoint } from './checkpoint-store.ts'

/** Characters that are turned into JSON at once: some 0.1 ms, so that the event loop stays free whatever an output weighs. */
const PIECE_CHARACTERS = 64 * 1024
const CHUNK_CHARACTERS = 256 * 1024

/** Version of the file's form. */
export const EXPORT_FORMAT = 1

/**
 * Writes a run, and those below it as its `children`: beside the file, synced and renamed, so that a reader sees the old one
 * or the new one, whole. Mode 0600: the values are the real ones.
 */
export async function writeExport(file: string, tree: readonly Checkpoint[]): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await using handle = await open(temporary, 'wx', 0o600)
    for (const chunk of exportChunks(tree)) await handle.writeFile(chunk) // all of it, or it throws: `write` may end early on a full disk
    await handle.datasync()
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await rename(temporary, file)
}

/** The text of such a file, in pieces. @param tree the run, then those below it */
export function* exportChunks([run, ...below]: readonly Checkpoint[]): Generator<string> {
  if (run === undefined) return
  let chunk = ''
  for (const piece of piecesOf(run, below)) {
    chunk += piece
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}

function* piecesOf(run: Checkpoint, below: readonly Checkpoint[]): Generator<string> {
  yield `{"format":${EXPORT_FORMAT},`
  yield* runPieces(run)
  for (const [index, child] of below.entries()) {
    yield index === 0 ? ',"children":[{' : ',{'
    yield* runPieces(child)
    yield '}'
  }
  yield below.length === 0 ? '}\n' : ']}\n'
}

function* runPieces({ header, definitionText, records }: Checkpoint): Generator<string> {
  const { input, ...rest } = header
  yield `"header":{${JSON.stringify(rest).slice(1, -1)},"input":`
  yield* textPieces(input)
  yield '},"definition":'
  yield* textPieces(definitionText)
  yield ',"records":['
  for (const [index, record] of records.entries()) {
    if (index > 0) yield ',\n'
    yield* recordPieces(record)
  }
  yield ']'
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
