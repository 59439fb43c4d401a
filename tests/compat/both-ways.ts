import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { RunView } from '@agentloom/engine'
import { createGateway } from '@agentloom/gateway'
import { createToolBox } from '@agentloom/tools'
import { compileYaml, toPlain } from '@agentloom/workflow'
import { type Decisions, RUNTIMES } from '../conformance/runtimes.ts'

export interface Workflow {
  readonly yaml: string
  /** Name → text, there before the run. */
  readonly files?: Readonly<Record<string, string>>
  /** Resume with this after the run has paused. */
  readonly decisions?: Decisions
}

/** What an author sees of a run. */
export interface Seen {
  readonly status: string
  readonly state: unknown
  readonly steps: Readonly<Record<string, readonly [status: string, output: unknown]>>
  readonly errors: Readonly<Record<string, string>>
}

/** Runs a workflow as it is by default, and under compat, each in a folder of its own. */
export async function bothWays(workflow: Workflow): Promise<{ readonly plain: Seen; readonly compat: Seen }> {
  return { plain: await run(workflow, null), compat: await run(workflow, 'agentloom') }
}

async function run({ yaml, files = {}, decisions }: Workflow, compat: 'agentloom' | null): Promise<Seen> {
  const folder = await mkdtemp(join(tmpdir(), 'agentloom-compat-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    const recorded = files['responses.json']
    const { plan } = compileYaml(yaml, {
      compat,
      files: recorded === undefined ? {} : { 'responses.json': recorded },
    })
    await using engine = await RUNTIMES.memory({
      models: createGateway(),
      tools: createToolBox({ floor: 'trusted' }),
      runFolder: () => folder,
    })
    const view = await engine.run(plan, 'r', {})
    return seen(decisions === undefined ? view : await engine.resume(plan, 'r', decisions))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function seen(view: RunView): Seen {
  return {
    status: view.status,
    state: toPlain(view.state),
    steps: Object.fromEntries(view.steps.map(({ id, status, output }) => [id, [status, toPlain(output)]])),
    errors: Object.fromEntries(view.steps.flatMap(({ id, error }) => (error === null ? [] : [[id, error.code]]))),
  }
}
