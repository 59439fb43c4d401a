import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createGateway } from '@agentloom/gateway'
import { createLogger } from '@agentloom/telemetry'
import { startRedis } from '@agentloom/testing'
import { compileYaml } from '@agentloom/workflow'
import { loadHandlers, startWorker } from '@agentloom/worker'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesIn } from './docs/markdown.ts'

// What README.md shows is taken from it, written into a folder of the clone, and run by the Node that runs this test.

const ROOT = dirname(import.meta.dirname)
const NODE_FLAGS = ['--conditions=agentloom-source', '--disable-warning=ExperimentalWarning']
const run = promisify(execFile)

let folder: string
let files: ReadonlyMap<string, string>

beforeAll(async () => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  files = new Map([...filesIn(readme, 'ts'), ...filesIn(readme, 'yaml')])
  await mkdir(join(ROOT, 'tests', '.agentloom'), { recursive: true })
  folder = await mkdtemp(join(ROOT, 'tests', '.agentloom', 'readme-'))
  for (const [name, text] of files) await writeFile(join(folder, name), text)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the files of examples/triage are those that it shows', async () => {
  expect([...files.keys()].toSorted()).toEqual(['main.ts', 'producer.ts', 'triage.ts', 'triage.yaml'])
  for (const [name, text] of files) expect(await readFile(join(ROOT, 'examples', 'triage', name), 'utf8')).toBe(text)
})

test('the TypeScript example runs in one process and prints what it says', async () => {
  const { stdout, stderr } = await run(process.execPath, [...NODE_FLAGS, 'main.ts'], { cwd: folder })
  expect(stderr).toBe('')
  expect(stdout).toBe('bug: The login page is blank (ticket-1:file:1)\n')
  const source = await readFile(join(folder, 'main.ts'), 'utf8')
  expect(source).toContain(`// ${stdout.trim()}`)
})

test('the YAML is the same workflow', async () => {
  const program = `import { triage } from './triage.ts'\nconsole.log(triage.plan.hash)\n`
  await writeFile(join(folder, 'hash.ts'), program)
  const { stdout } = await run(process.execPath, [...NODE_FLAGS, 'hash.ts'], { cwd: folder })
  const { plan, warnings } = compileYaml(files.get('triage.yaml') ?? '', { file: 'triage.yaml' })
  expect(warnings).toEqual([])
  expect(stdout.trim()).toBe(plan.hash)
})

test('the producer gets its answer from a worker', async () => {
  await using redis = await startRedis()
  const models = createGateway()
  models.register({ name: 'parrot', call: async () => ({ text: 'question' }) }, { isFallback: true })
  await using _worker = await startWorker({
    redis: redis.url,
    models,
    ...(await loadHandlers([join(folder, 'triage.ts')])),
    home: folder,
    logger: createLogger({ name: 'worker', level: 'error' }),
  })
  const env = { ...process.env, AGENTLOOM_REDIS_URL: redis.url }
  const { stdout } = await run(process.execPath, [...NODE_FLAGS, 'producer.ts'], { cwd: folder, env })
  expect(stdout).toBe('question: It is loud (ticket-3:file:1)\n')
})
