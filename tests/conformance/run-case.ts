import { join } from 'node:path'
import { createGateway } from '@agentloom/gateway'
import { createToolBox } from '@agentloom/tools'
import { AgentloomError, compileWorkflow, type Plan } from '@agentloom/workflow'
import { loadWorkflowFile } from '@agentloom/workflow/node'
import { differences } from './compare.ts'
import { type ExpectedCase, type ExpectedEnd, readExpected } from './expected.ts'
import { Overheard } from './overheard.ts'
import { type Engine, type RuntimeName, RUNTIMES } from './runtimes.ts'
import { changesBetween, copyOf, type Scratch } from './scratch.ts'

export type Verdict = { readonly kind: 'pass' } | { readonly kind: 'fail'; readonly reasons: readonly string[] }

export interface CaseVerdict {
  /** Of a case that is marked as an oddity of the reference: under compat, where it must be as there. */
  readonly verdict: Verdict
  /** What such a case does otherwise by default; none elsewhere. */
  readonly differences: readonly string[]
}

/** Runs cases on one runtime; the same gateway, tools and runtime for all of them. */
export class CaseRunner implements AsyncDisposable {
  readonly #cases: string
  readonly #engine: Engine
  readonly #folders: Map<string, string>
  readonly #overheard: Overheard
  #count = 0

  private constructor(
    cases: string,
    engine: Engine,
    { folders, overheard }: { folders: Map<string, string>; overheard: Overheard },
  ) {
    this.#cases = cases
    this.#engine = engine
    this.#folders = folders
    this.#overheard = overheard
  }

  static async open(cases: string, runtime: RuntimeName): Promise<CaseRunner> {
    const folders = new Map<string, string>()
    const overheard = new Overheard(createGateway())
    const engine = await RUNTIMES[runtime]({
      models: overheard.models,
      tools: createToolBox({ floor: 'trusted' }),
      runFolder: (runId) => folders.get(runId.split('.')[0] ?? '') ?? '/nowhere',
    })
    return new CaseRunner(cases, engine, { folders, overheard })
  }

  async run(name: string): Promise<CaseVerdict> {
    const folder = join(this.#cases, name)
    const expected = await readExpected(folder)
    if (expected.wart === undefined)
      return { verdict: verdictOf(await this.#reasons(folder, expected, null)), differences: [] }
    const differences = await this.#reasons(folder, expected, null)
    return { verdict: verdictOf(await this.#reasons(folder, expected, 'agentloom')), differences }
  }

  async #reasons(folder: string, expected: ExpectedCase, compat: 'agentloom' | null): Promise<readonly string[]> {
    await using scratch = await copyOf(folder)
    const loaded = await load(scratch.folder, compat)
    if ('error' in loaded) return refused(expected, loaded.error)
    return await this.#execute({ expected, scratch, plan: loaded.plan }) // the folder must outlive the run
  }

  async #execute(at: {
    readonly expected: ExpectedCase
    readonly scratch: Scratch
    readonly plan: Plan
  }): Promise<readonly string[]> {
    const { expected, scratch, plan } = at
    if (expected.outcome === 'load_error') return [`loads, expected to be refused (${expected.error_kind})`]
    const runId = `case-${(this.#count += 1)}`
    this.#folders.set(runId, scratch.folder)
    const attempt = async (end: ExpectedEnd, go: () => ReturnType<Engine['run']>): Promise<readonly string[]> => {
      this.#overheard.forget(runId)
      const before = await scratch.snapshot()
      const view = await go()
      const files = changesBetween(before, await scratch.snapshot())
      return differences(view, end, { heard: this.#overheard.of(runId), files })
    }
    const reasons = [...(await attempt(expected, () => this.#engine.run(plan, runId, expected.input.state)))]
    for (let next = expected.resume; next !== undefined && reasons.length === 0; next = next.resume) {
      await scratch.write(next.files_before)
      const { decisions } = next
      const again = await attempt(next, () => this.#engine.resume(plan, runId, decisions))
      reasons.push(...again.map((reason) => `resumed: ${reason}`))
    }
    this.#folders.delete(runId)
    return reasons
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#engine[Symbol.asyncDispose]()
  }
}

function verdictOf(reasons: readonly string[]): Verdict {
  return reasons.length === 0 ? { kind: 'pass' } : { kind: 'fail', reasons }
}

type Loaded = { readonly plan: Plan } | { readonly error: AgentloomError }

async function load(cwd: string, compat: 'agentloom' | null): Promise<Loaded> {
  try {
    const { definition, source, warnings } = await loadWorkflowFile('workflow.yaml', { cwd, compat })
    return { plan: compileWorkflow(definition, { source, warnings }).plan }
  } catch (error) {
    if (!(error instanceof AgentloomError)) throw error
    return { error }
  }
}

function refused(expected: ExpectedCase, error: AgentloomError): readonly string[] {
  return expected.outcome === 'load_error' ? [] : [`is refused, expected ${expected.outcome}: ${error.message}`]
}
