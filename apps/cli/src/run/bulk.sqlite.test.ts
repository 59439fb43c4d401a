import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { call, folderWith, type Called } from '../io/fake-io.fixture.ts'

const READS = `
name: reads
steps:
  - {id: read, type: tool, tool_name: file_read, tool_args: {path: there.txt}, retry: {max_retries: 0}}
  - {id: say, type: tool, depends_on: [read], tool_name: shell_command, tool_args: {command: "echo hi"}}
`
const GATED = 'name: gated\nsteps:\n  - {id: gate, type: approval_gate}\n'

const idIn = ({ stdout }: Called): string => / run ([a-z2-9]{16})/.exec(stdout)?.[1] ?? ''

async function folderWithRuns(): Promise<{
  readonly cwd: string
  readonly failed: readonly string[]
  readonly paused: string
}> {
  const cwd = folderWith({ 'reads.yaml': READS, 'gated.yaml': GATED })
  const failed = [idIn(await call(['run', 'reads.yaml'], { cwd })), idIn(await call(['run', 'reads.yaml'], { cwd }))]
  return { cwd, failed, paused: idIn(await call(['run', 'gated.yaml'], { cwd })) }
}

test('failed runs are resumed together, oldest first, and nothing changes in a dry run', async () => {
  const { cwd, failed } = await folderWithRuns()
  const dry = await call(['resume', '--status', 'failed', '--dry-run'], { cwd })
  expect(dry).toMatchObject({ code: 0, stderr: '' })
  expect(dry.stdout.trimEnd().split('\n')).toEqual([
    ...failed.map((id) => `${id}  failed  reads`),
    'would resume 2 runs; nothing was changed',
  ])
  writeFileSync(join(cwd, 'there.txt'), 'x')
  const done = await call(['resume', '--workflow', 'reads', '--since', '1h', '--rate', '1000', '--json'], { cwd })
  expect(done.code).toBe(0)
  expect(JSON.parse(done.stdout)).toEqual(
    failed.map((run_id) => ({ run_id, status_before: 'failed', outcome: 'success' })),
  )
  expect((await call(['resume', '--status', 'failed'], { cwd })).stdout).toBe('resume · 0 runs picked\n')
})

test('a run that fails again is told, and is the exit code', async () => {
  const { cwd, failed } = await folderWithRuns()
  const again = await call(['resume', '--status', 'failed', '--limit', '1', '--rate', '1000'], { cwd })
  expect(again.code).toBe(1)
  expect(again.stdout).toBe('resume · 1 run picked · 1 failed\n')
  expect(again.stderr).toContain(`1 of 1 · ${failed[1]} · failed`)
})

test('without statuses cancel picks what is not over', async () => {
  const { cwd, paused } = await folderWithRuns()
  const cancelled = await call(['cancel', '--since', '2020-01-01', '--json'], { cwd })
  expect(JSON.parse(cancelled.stdout)).toEqual([{ run_id: paused, status_before: 'paused', outcome: 'cancelled' }])
})

test.each<[string, readonly string[], string]>([
  ['neither a run nor a choice', ['cancel'], "Missing argument 'RUN_ID', or --status"],
  ['both, deciding a gate', ['resume', 'r', '--approve', '--dry-run'], 'Options that pick runs go without RUN_ID.'],
  ['both', ['cancel', 'r', '--status', 'failed'], 'Options that pick runs go without RUN_ID.'],
  ['a status that there is not', ['cancel', '--status', 'failed,broken'], "'broken' is none of queued"],
  ['a time that is none', ['resume', '--since', 'yesterday'], "'yesterday' is neither a duration"],
  ['no rate', ['resume', '--status', 'failed', '--rate', '0'], "'0' is not above 0"],
  ['what goes with one run', ['resume', '--status', 'failed', '--checkpoint'], 'it goes with one RUN_ID.'],
])('refused: %s', async (_, args, problem) => {
  const refused = await call([...args], { cwd: folderWith({}) })
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain(problem)
})

test('logs tell what happened, and when', async () => {
  const { cwd, failed, paused } = await folderWithRuns()
  const { stdout, code } = await call(['logs', failed[0] ?? ''], { cwd })
  expect(code).toBe(0)
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .replace(/^\S+  /, '')
        .replace(/\d+ ms/, 'N ms')
        .replace(/by \d+/, 'by N'),
    )
  expect(lines[0]).toBe('–                 run accepted')
  expect(lines[1]).toBe('read              begun by N')
  expect(lines[2]).toMatch(/^read {14}failed · N ms · tool\/failed: /)
  expect(lines[3]).toBe('say               skipped')
  expect(lines[4]).toMatch(/^– {17}run failed · tool\/failed: /)
  const { stdout: json } = await call(['logs', paused, '--json', '--step', 'gate', '--tail', '1'], { cwd })
  expect(JSON.parse(json)).toMatchObject({ kind: 'waiting', stepId: 'gate', wait: { kind: 'gate' } })
  expect(await call(['logs', 'nobody'], { cwd })).toMatchObject({ code: 1, stdout: '' })
})

test('following a run that is over ends with it', async () => {
  const { cwd, failed } = await folderWithRuns()
  const followed = await call(['logs', failed[0] ?? '', '--follow', '--tail', '1'], { cwd })
  expect(followed.code).toBe(0)
  expect(followed.stdout.trimEnd().split('\n')).toHaveLength(1)
})
