import { z } from 'zod'
import { settingsTable } from './settings.ts'

/** The text of docs/settings.md. */
export function settingsPage(): string {
  const schemas = z.toJSONSchema(z.object(settingsTable), { io: 'input', unrepresentable: 'any' }).properties ?? {}
  const rows = Object.entries(settingsTable).map(([name, setting]) => {
    const schema = schemas[name]
    const fallback = typeof schema === 'object' && schema.default !== undefined ? `\`${String(schema.default)}\`` : '–'
    return `| \`${name}\` | ${fallback} | ${setting.description ?? ''} |`
  })
  return `# Settings

Environment variables of the command line; empty counts as not set. Flags are for what differs from call to call.
This page is made from \`apps/cli/src/settings.ts\`; \`AGENTLOOM_WRITE_DOCS=1 npx vitest run apps/cli/src/settings.test.ts\` writes it again.

| variable | default | meaning |
| --- | --- | --- |
${rows.join('\n')}
`
}
