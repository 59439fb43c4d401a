import { serverVariables } from '@agentloom/server'
import { workerVariables } from '@agentloom/worker'
import { z } from 'zod'
import { settingsTable } from './settings.ts'

const NOT_OURS = `\`NO_COLOR\`, \`FORCE_COLOR\` (0: never), \`TERM=dumb\` and \`COLUMNS\` mean what they mean elsewhere. Times are UTC, whatever \`TZ\` says.`

/** The variables that each program of this repository reads. */
export function settingNames(): readonly (readonly string[])[] {
  return tables().map(({ table }) => Object.keys(table))
}

/** The text of docs/settings.md. */
export function settingsPage(): string {
  const seen = new Set<string>()
  const parts = tables().map(({ title, table }) => {
    const names = Object.keys(table).filter((name) => !seen.has(name))
    for (const name of names) seen.add(name)
    return `## ${title}\n\n| variable | default | meaning |\n| --- | --- | --- |\n${names.map((name) => row(name, table)).join('\n')}`
  })
  return `# Settings

Environment variables; empty counts as not set. What differs from call to call is an option instead: \`agentloom COMMAND --help\`.
This page is made from the tables that the programs read them by; \`AGENTLOOM_WRITE_DOCS=1 npx vitest run apps/cli/src/settings.test.ts\`
writes it again.

${parts.join('\n\n')}

${NOT_OURS}
`
}

function tables(): readonly { readonly title: string; readonly table: z.ZodRawShape }[] {
  return [
    { title: 'All commands', table: settingsTable },
    { title: '`agentloom worker`, beside those above', table: workerVariables.shape },
    { title: '`agentloom server`, beside those above', table: serverVariables.shape },
  ]
}

function row(name: string, table: z.ZodRawShape): string {
  const setting = table[name] ?? z.unknown()
  const { data: fallback } = z.safeParse(setting, undefined)
  const { description = '' } = z.globalRegistry.get(setting) ?? {}
  const shown = fallback === undefined ? '–' : `\`${String(fallback)}\``
  return `| \`${name}\` | ${shown} | ${description.replaceAll('|', String.raw`\|`)} |`
}
