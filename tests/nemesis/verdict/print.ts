import type { Report } from './report.ts'

const SHOWN_MAX = 20

/** The report for people. */
export function printed(report: Report): string {
  const { verdict, seed, runs, executions, commits, faults } = report
  const lines = [
    `${'fault'.padEnd(18)}${'effects'.padStart(8)}${'tries'.padStart(8)}${'a minute'.padStart(10)}   counted when`,
    ...faults.map(
      ({ kind, tookEffect, injected, perMinute, effect, misfired }) =>
        `${kind.padEnd(18)}${String(tookEffect).padStart(8)}${String(injected).padStart(8)}${perMinute.toFixed(1).padStart(10)}   ${effect}${misfired === null ? '' : ` (misfired: ${misfired})`}`,
    ),
    '',
    `${runs.accepted} runs accepted, ${runs.endedWell} ended as they must; ${runs.taken} taken by a loss of data before anybody had begun them, ${runs.endedUnseen} ended and then taken; ${runs.unquarantined} let out of quarantine by hand`,
    `${executions} executions of steps and items, ${commits} commits acknowledged`,
    ...list('committed steps executed again', report.executedAgain),
    ...list('runs lost', report.lost),
    ...list('runs stuck', report.stuck),
    ...list('other violations', report.problems),
    ...list('workers that ended by themselves', report.endedByThemselves),
    ...Object.entries(report.trouble).map(([message, count]) => `  trouble, tried again: ${count} × ${message}`),
    `${verdict.toUpperCase()}  (seed ${seed}, ${report.seconds.toFixed(0)} s)`,
  ]
  return lines.join('\n')
}

function list(title: string, all: readonly string[]): readonly string[] {
  return [
    `${title}: ${all.length}`,
    ...all.slice(0, SHOWN_MAX).map((one) => `  ${one}`),
    ...(all.length > SHOWN_MAX ? [`  and ${all.length - SHOWN_MAX} more`] : []),
  ]
}
