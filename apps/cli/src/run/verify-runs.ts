import { surroundingsOf } from '../command-line/surroundings.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { countText } from '../terminal/figures.ts'
import { printable } from '../terminal/printable.ts'
import type { Ending } from './ending.ts'
import { openRuns, type KeptRuns } from './kept-runs.ts'
import { placeOf } from './place.ts'

export interface VerifyOptions {
  readonly all?: true
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

const RUNS_MAX = 10_000

interface VerifiedRun {
  readonly run_id: string
  readonly status: string | null
  readonly findings: readonly { readonly code: string; readonly step: string | null; readonly message: string }[]
}

export async function verifyRuns(runId: string | undefined, options: VerifyOptions, surrounding: Io): Promise<Ending> {
  if ((runId === undefined) === (options.all === undefined)) throw new UsageError('Give a run id, or --all.')
  const { io, settings } = await surroundingsOf(surrounding, options)
  await using runs = await openRuns(placeOf(options.redis, settings, io), io)
  const ids = runId === undefined ? await runs.ids({ limit: RUNS_MAX, withChildren: true }) : [runId]
  const isCut = ids.length === RUNS_MAX
  const verified: VerifiedRun[] = []
  for (const id of ids) verified.push(...(await verified1(runs, id, runId === undefined)))
  const wrong = verified.filter(({ findings }) => findings.length > 0)
  if (options.json === true) io.stdout.write(jsonText(verified))
  else {
    for (const { run_id: id, findings } of wrong)
      for (const { code, step, message } of findings)
        io.stdout.line(`✗ ${id}${step === null ? '' : ` · ${printable(step)}`} · ${code}: ${printable(message)}`)
    io.stdout.line(`${countText(verified.length, 'run')} looked at, ${wrong.length} with something wrong`)
  }
  if (isCut) io.stderr.line(`there may be more runs: only the newest ${RUNS_MAX} were looked at`)
  return { code: wrong.length > 0 || isCut ? 1 : 0 }
}

/** @param isListed it was there just now: what is not has been removed since, or is a checkpoint, which is not checked */
async function verified1(runs: KeptRuns, runId: string, isListed: boolean): Promise<readonly VerifiedRun[]> {
  try {
    const found = await runs.verify(runId)
    if (found === null)
      return isListed ? [] : [problem(runId, 'no-such-run', 'the place does not hold it (a checkpoint is not checked)')]
    const findings = found.findings.map(({ code, stepId, message }) => ({ code, step: stepId, message }))
    return [{ run_id: runId, status: found.status, findings }]
  } catch (error) {
    return [problem(runId, 'corrupt', error instanceof Error ? error.message : String(error))]
  }
}

function problem(runId: string, code: string, message: string): VerifiedRun {
  return { run_id: runId, status: null, findings: [{ code, step: null, message }] }
}
