// pnpm bench: measures what a step costs, beside what it costs elsewhere, and judges the targets. See docs/speed.md.

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadsNamed } from './loads/loads.ts'
import { describeMachine } from './machine/machine.ts'
import { pinningFor } from './machine/pinning.ts'
import { measureAll } from './measure/measure-all.ts'
import { FULL, QUICK } from './measure/sizes.ts'
import { HELP, parseOptions, type Options } from './options.ts'
import { disturbances } from './report/disturbed.ts'
import { print, type Report } from './report/print.ts'
import { languageRow, lookUpRows, rowOf } from './report/rows.ts'
import { judge, judgeLanguage } from './report/targets.ts'

/** Beside the sources, as the temporary folder of many machines is no disk. */
const SCRATCH = fileURLToPath(new URL('../node_modules/.cache/agentloom-bench', import.meta.url))

async function bench({ cpus, fsync, isQuick, only, profile }: Options): Promise<Report> {
  const from = performance.now()
  const sizes = isQuick ? QUICK : FULL
  const pinning = pinningFor(cpus)
  const loads = loadsNamed(only)
  await mkdir(SCRATCH, { recursive: true })
  const folder = await mkdtemp(join(SCRATCH, 'run-'))
  try {
    const machine = describeMachine(folder)
    const isAsked = (part: string): boolean => only.length === 0 || only.includes(part)
    const [hasLookUps, hasLanguage] = [isAsked('look-ups'), isAsked('language')]
    const measured = await measureAll({
      loads,
      hasLookUps,
      hasLanguage,
      sizes,
      fsync,
      pinning,
      folder,
      profile,
      progress,
    })
    return {
      mode: pinning.mode,
      fsync,
      repeats: sizes.repeats,
      seconds: (performance.now() - from) / 1_000,
      machine,
      rows: loads.map((load) => rowOf(load, measured.chains.get(load.key) ?? [], fsync)),
      lookUps: lookUpRows(measured.lookUps),
      language: languageRow(measured.language),
      disturbed: cpus === 1 && pinning.isPinned ? disturbances(loads, measured) : [],
      targets: [
        ...(cpus === 1 && fsync === 'everysec' && only.length === 0 ? judge(measured) : []),
        ...(hasLanguage ? judgeLanguage(measured.language) : []),
      ],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function progress(doing: string): void {
  process.stderr.write(`${doing}\n`)
}

async function main(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv)
  if (options === 'help') {
    process.stdout.write(HELP)
    return 0
  }
  const report = await bench(options)
  process.stdout.write(options.isJson ? `${JSON.stringify(report, null, 2)}\n` : print(report))
  const isProven = report.disturbed.length === 0 && report.targets.every(({ isMet }) => isMet)
  return options.isCheck && !isProven ? 1 : 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
