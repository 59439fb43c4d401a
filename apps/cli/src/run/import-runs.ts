import { existsSync, readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { checkCheckpoint, parseExport, readJsonFile } from '@agentloom/embedded'
import { importReference, isReferenceCheckpoint, referenceRunId, type KeptRun, type RunStatus } from '@agentloom/engine'
import { surroundingsOf } from '../command-line/surroundings.ts'
import { invalid } from '../command-line/numbers.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { printable } from '../terminal/printable.ts'
import { problemText } from '../terminal/problem.ts'
import type { Ending } from './ending.ts'
import { embeddedPlace, placeOf } from './place.ts'
import { openWholeRuns, type WholeRuns } from './whole-runs.ts'

export interface ImportOptions {
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

interface JsonFile {
  readonly path: string
  readonly value: unknown
}

/** Files that cannot be imported are told, and the others are; the exit code is 1 then. */
export async function importRuns(paths: readonly string[], options: ImportOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  let code = 0
  const told = (error: unknown): void => {
    code = 1
    io.stderr.line(problemText(error, io.stderr))
  }
  const files: JsonFile[] = []
  for (const path of (await Promise.all(paths.map((one) => filesAt(resolve(io.cwd(), one), one)))).flat()) {
    await readJsonFile(path).then((value) => files.push({ path, value }), told)
  }
  await using runs = await openWholeRuns(placeOf(options.redis, settings, io), embeddedPlace(settings, io).home, io)
  const imported: { readonly run_id: string; readonly status: RunStatus }[] = []
  const put = async (run: KeptRun): Promise<void> => {
    const status = await putRun(runs, run)
    if (run.header.parent !== null) return
    imported.push({ run_id: run.header.runId, status })
    if (options.json !== true) io.stdout.line(`run ${run.header.runId} is here · ${status}`)
  }
  for (const tree of treesIn(files, told, io)) {
    // Children first: the run at the top finds them as it left them.
    for (const run of tree.toReversed()) await put(run).catch(told)
  }
  if (options.json === true) io.stdout.write(jsonText({ imported }))
  return { code }
}

/** @throws {CliError} `run/exists` */
async function putRun(runs: WholeRuns, run: KeptRun): Promise<RunStatus> {
  const { runId } = run.header
  const reply = await runs.restore(run)
  if (reply.outcome === 'restored') return reply.status
  throw new CliError('run/exists', `there is a run ${runId} already; it is left as it is`, {
    place: `run ${runId}`,
    help: `remove it first: agentloom runs rm ${runId}`,
  })
}

/** Each run with those below it, which come from files of their own in the Python engine's folder. */
function treesIn(files: readonly JsonFile[], told: (error: unknown) => void, io: Io): readonly (readonly KeptRun[])[] {
  const references = new Map<string, JsonFile>()
  const trees: (readonly KeptRun[])[] = []
  for (const file of files) {
    if (isReferenceCheckpoint(file.value)) {
      references.set(referenceRunId(file.value) ?? file.path, file)
      continue
    }
    try {
      const tree = parseExport(file.path, file.value)
      for (const run of tree) checkCheckpoint(file.path, run)
      trees.push(tree)
    } catch (error) {
      told(error)
    }
  }
  for (const [runId] of references) {
    if (isBelowOneOf(runId, references)) continue
    try {
      trees.push(referenceTree(runId, references, io))
    } catch (error) {
      told(error)
    }
  }
  return trees
}

function referenceTree(rootId: string, references: ReadonlyMap<string, JsonFile>, io: Io): readonly KeptRun[] {
  const tree: KeptRun[] = []
  const fileText = (path: string): string | null => {
    const file = resolve(io.cwd(), path)
    return existsSync(file) ? readFileSync(file, 'utf8') : null
  }
  const below = (runId: string): unknown => references.get(runId)?.value ?? null
  for (const [runId, file] of references) {
    if (runId !== rootId && !runId.startsWith(`${rootId}.`)) continue
    const { run, redacted } = importReference(file.value, {
      below,
      fileText,
      parent: parentOf(runId, rootId, references),
    })
    tree.push(run)
    if (redacted.length > 0)
      io.stderr.line(`warning: run ${runId} was redacted; these values are gone: ${printable(redacted.join(', '))}`)
  }
  return tree.sort((a, b) => a.header.runId.length - b.header.runId.length)
}

function parentOf(runId: string, rootRunId: string, references: ReadonlyMap<string, JsonFile>) {
  const above = aboveOf(runId, references)
  return above === null ? null : { runId: above, stepId: runId.slice(above.length + 1), rootRunId }
}

function isBelowOneOf(runId: string, references: ReadonlyMap<string, JsonFile>): boolean {
  return aboveOf(runId, references) !== null
}

/** The nearest run above that has a checkpoint: ids of steps may hold dots themselves. */
function aboveOf(runId: string, references: ReadonlyMap<string, JsonFile>): string | null {
  for (let dot = runId.lastIndexOf('.'); dot > 0; dot = runId.lastIndexOf('.', dot - 1)) {
    const above = runId.slice(0, dot)
    if (references.has(above)) return above
  }
  return null
}

/** @throws {UsageError} for a path that is not there */
async function filesAt(path: string, given: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => null)
  if (found === null) throw invalid('FILE', `Path '${printable(given)}' does not exist.`)
  if (!found.isDirectory()) return [path]
  const names = (await readdir(path)).filter((name) => name.endsWith('.json'))
  return names.toSorted().map((name) => join(path, name))
}
