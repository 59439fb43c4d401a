import { resolve } from 'node:path'
import { isMapping, parseValue, ValueError, type Value } from '@agentloom/workflow'
import { readRegularFile } from '@agentloom/workflow/node'
import { CliError } from '../errors.ts'
import type { Io } from '../io/io.ts'
import { printable } from '../terminal/printable.ts'
import { repeatedKey } from './repeated-key.ts'
import { checkKey } from './state-pairs.ts'

/** What a run's input may weigh; more belongs into a file that a step reads. */
const STATE_FILE_BYTES_MAX = 8 * 1024 * 1024

/**
 * A JSON object from a file, or from stdin for `-`.
 * @throws {CliError} `input/state-file` · {FileError} `file/…`
 */
export async function stateFromFile(path: string, io: Io): Promise<ReadonlyMap<string, Value>> {
  const bytes =
    path === '-' ? await fromStdin(io) : await readRegularFile(resolve(io.cwd(), path), STATE_FILE_BYTES_MAX)
  const place = path === '-' ? 'stdin' : path
  const text = decoded(bytes, place)
  if (text.trim() === '')
    throw new CliError('input/state-file', 'it is empty; give a JSON object such as {"key": 1}', { place })
  const repeated = repeatedKey(text)
  if (repeated !== null)
    throw new CliError('input/state-file', `the key '${printable(repeated.name, 80)}' is given twice`, { place })
  const value = parsed(text, place)
  if (!isMapping(value)) throw new CliError('input/state-file', 'it holds no JSON object', { place })
  for (const key of Object.keys(value)) checkKey(key, place)
  return new Map(Object.entries(value))
}

async function fromStdin({ stdin, stderr }: Io): Promise<Uint8Array> {
  if (stdin.isTTY === true) stderr.line('waiting for a JSON object on stdin; end it with Ctrl-D')
  const pieces: Uint8Array[] = []
  let length = 0
  try {
    for await (const piece of stdin as AsyncIterable<Uint8Array>) {
      length += piece.length
      if (length > STATE_FILE_BYTES_MAX)
        throw new CliError('input/state-file', `more than ${STATE_FILE_BYTES_MAX} bytes`, { place: 'stdin' })
      pieces.push(piece)
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError('input/state-file', 'it cannot be read', { place: 'stdin' })
  }
  return Buffer.concat(pieces)
}

function decoded(bytes: Uint8Array, place: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new CliError('input/state-file', 'it is not UTF-8', { place })
  }
}

function parsed(text: string, place: string): Value {
  try {
    return parseValue(text)
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    throw new CliError('input/state-file', `it is ${printable(error.message)}`, { place })
  }
}
