import { globSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MemoryRuntime } from '@agentloom/engine/testing'
import { createGateway, createPriceBook } from '@agentloom/gateway'
import { createToolBox } from '@agentloom/tools'
import {
  compileWorkflow,
  type Definition,
  type FunctionDefinition,
  isFunctionDefinition,
  isMapping,
  lintPlan,
  parseValue,
  type Plan,
  type Source,
} from '@agentloom/workflow'
import { loadWorkflowFile } from '@agentloom/workflow/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Example, examplesIn, modulesIn } from './docs/examples.ts'
import { exampleFunctions } from './docs/functions.ts'

// Runs every example of docs/language on the engine in memory, with recorded answers instead of models.

const ROOT = join(import.meta.dirname, '..')
const PAGES = globSync('docs/language/*.md', { cwd: ROOT })
  .filter((path) => basename(path) !== 'README.md')
  .sort()

let scratch: string

beforeAll(async () => {
  await mkdir(join(ROOT, 'tests', '.agentloom'), { recursive: true })
  scratch = await mkdtemp(join(ROOT, 'tests', '.agentloom', 'language-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe.each(PAGES)('%s', (path) => {
  for (const example of examplesIn(readFileSync(join(ROOT, path), 'utf8'), basename(path))) {
    test(example.name, async () => {
      const { expected } = example
      const folder = await mkdtemp(join(scratch, 'example-'))
      for (const [name, content] of Object.entries(expected.files)) await writeFile(join(folder, name), content)
      await writeFile(join(folder, 'flow.yaml'), example.yaml)
      const functions = expected.functions ? await functionsOf(path) : []
      const noted: string[] = []
      const { plan, source } = await compiled(example, folder)
      const runtime = new MemoryRuntime({
        functions: [...functions, ...exampleFunctions(noted)],
        // Commands take real time; all else need not wait.
        time: plan.nodes.some(({ step }) => step.type === 'tool') ? 'real' : 'virtual',
        models: createGateway(),
        tools: createToolBox({ floor: 'trusted' }),
        secrets: async (name) => expected.secrets[name] ?? null,
        runFolder: () => folder,
      })
      expect(lintPlan(plan, { source }).map(({ code, path: at }) => `${code} ${at}`)).toEqual([])
      for (let time = 0; time < (expected.twice ? 2 : 1); time += 1) {
        await endsAsTold(example, { plan, runtime, runId: `run${time}` })
      }
      expect(noted).toEqual(expected.noted)
    })
  }
})

test.each(globSync('examples/*/*.yaml', { cwd: ROOT }))('nothing is doubtful in %s', async (path) => {
  const { definition, source, warnings: read } = await loadWorkflowFile(path, { cwd: ROOT })
  const { plan, warnings } = compileWorkflow(definition, { source, warnings: read })
  const book = createPriceBook()
  const nothing = { promptTokens: 0, completionTokens: 0, reasoningTokens: 0, totalTokens: 0 }
  const hasPrice = (model: string): boolean => book.costNanoUsd(model, nothing) !== null
  expect([
    ...warnings,
    ...lintPlan(plan, { source, hasPrice, tools: createToolBox({ floor: 'trusted' }).names() }),
  ]).toEqual([])
})

async function compiled(
  { expected }: Example,
  folder: string,
): Promise<{ readonly plan: Plan; readonly source: Source }> {
  const { definition, source, warnings: read } = await loadWorkflowFile('flow.yaml', { cwd: folder })
  const { plan, warnings } = compileWorkflow(answeredBy(definition, expected.answers), { source, warnings: read })
  expect(warnings.map(({ code }) => code)).toEqual(expected.warnings)
  return { plan, source }
}

interface Run {
  readonly plan: Plan
  readonly runtime: MemoryRuntime
  readonly runId: string
}

async function endsAsTold({ expected }: Example, { plan, runtime, runId }: Run): Promise<void> {
  await runtime.start(plan, expected.input, runId)
  for (const [name, payload] of Object.entries(expected.signals)) await runtime.signal(name, payload, runId)
  await runtime.settle()
  if (expected.paused.length > 0) {
    const { steps, status } = await runtime.view(plan, runId)
    expect(status).toBe('paused')
    expect(steps.filter((step) => step.status === 'paused').map(({ id }) => id)).toEqual(expected.paused)
    await runtime.resume(plan, runId, expected.decisions)
    await runtime.settle()
  } else if ((await runtime.view(plan, runId)).status === 'paused') {
    // A gate that nobody decides does it itself, when its time is over.
    await runtime.passTime()
    await runtime.settle()
  }

  const view = await runtime.view(plan, runId)
  expect({ status: view.status, error: view.error?.code }).toMatchObject({
    status: expected.status,
    ...(expected.error !== undefined && { error: expected.error }),
  })
  const { steps: _, ...state } = plainOf(view.state) as Record<string, unknown>
  expect(state).toMatchObject(expected.state)
  for (const [id, wanted] of Object.entries(expected.steps)) {
    const step = view.steps.find((one) => one.id === id)
    const found = { status: step?.status, output: plainOf(step?.output ?? null) }
    expect(found, id).toMatchObject(typeof wanted === 'string' ? { status: wanted } : wanted)
  }
}

/** The mock provider in place of whatever the example names. */
function answeredBy(definition: Definition, answers: Example['expected']['answers']): Definition {
  const { workflow, files } = definition
  const entry = (one: unknown): unknown => (typeof one === 'string' ? { content: one } : one)
  const responses = Object.fromEntries(
    Object.entries(answers).map(([id, given]) => [id, Array.isArray(given) ? given.map(entry) : entry(given)]),
  )
  const given = workflow['config']
  const config = parseValue(
    JSON.stringify({
      ...(isMapping(given ?? null) ? (plainOf(given) as object) : {}),
      provider: 'mock',
      responses_file: 'answers',
    }),
  )
  return {
    ...definition,
    workflow: { ...workflow, config },
    files: { ...files, answers: JSON.stringify(responses) },
  }
}

function plainOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** What a page's own TypeScript exports. */
async function functionsOf(path: string): Promise<readonly FunctionDefinition[]> {
  const found: FunctionDefinition[] = []
  for (const [index, text] of modulesIn(join(ROOT, path)).entries()) {
    const file = join(scratch, `${basename(path, '.md')}-${index}.ts`)
    await writeFile(file, text)
    const exported: unknown = await import(pathToFileURL(file).href)
    found.push(...Object.values(Object(exported)).filter(isFunctionDefinition))
  }
  return found
}
