import { parseArgs } from 'node:util'

export interface Options {
  /** 1: client and Redis share one CPU. 2: one each; the embedded row, which has no Redis, gets both. */
  readonly cpus: 1 | 2
  readonly fsync: 'everysec' | 'always'
  readonly isQuick: boolean
  readonly isJson: boolean
  readonly isCheck: boolean
  /** Keys of rows to measure; empty: all. */
  readonly only: readonly string[]
  /** Where each child leaves its CPU profile, or null. */
  readonly profile: string | null
}

export const HELP = `pnpm bench: what a step costs, side by side on this machine

  --check             exit 1 when a target of the one-CPU mode is missed, or other programs disturbed the figures;
                      with --only language its own targets alone
  --json              the figures as one JSON document
  --quick             one short repeat: shows that it works, not how fast it is
  --cpus 1|2          one CPU for client and Redis together (default), or one each
  --fsync everysec|always   when Redis' append-only file reaches the disk (default everysec)
  --only KEY          one row, may be repeated: bare-loop, job-per-step, flow-producer, agentloom-bullmq,
                      agentloom-embedded, embedded-checkpoints (only measured when named),
                      look-ups, language
  --profile FOLDER    every measured process leaves its CPU profile there (figures are worth less then)
`

/** @throws {Error} with a sentence for the user */
export function parseOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: argv.filter((argument) => argument !== '--'), // pnpm hands it on
    options: {
      cpus: { type: 'string', default: '1' },
      fsync: { type: 'string', default: 'everysec' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const { cpus, fsync, only } = values
  if (cpus !== '1' && cpus !== '2') throw new Error(`--cpus ${cpus}: give 1 or 2`)
  if (fsync !== 'everysec' && fsync !== 'always') throw new Error(`--fsync ${fsync}: give everysec or always`)
  const isWhole = only.every((key) => key === 'language')
  if (values.check && (cpus !== '1' || fsync !== 'everysec' || values.quick || !isWhole))
    throw new Error('--check judges the full bench on one CPU with --fsync everysec; leave the other options out')
  return {
    cpus: cpus === '1' ? 1 : 2,
    fsync,
    isQuick: values.quick,
    isJson: values.json,
    isCheck: values.check,
    only,
    profile: values.profile ?? null,
  }
}
