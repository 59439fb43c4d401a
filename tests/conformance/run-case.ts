import { join } from 'node:path'
import type { Models } from '@agentloom/engine'
import { createGateway } from '@agentloom/gateway'
import { createToolBox } from '@agentloom/tools'
import { AgentloomError, compileWorkflow, type Plan, WorkflowError } from '@agentloom/workflow'
import { loadWorkflowFile } from '@agentloom/workflow/node'
import { differences, type Prompts } from './compare.ts'
import { type ExpectedCase, type ExpectedEnd, readExpected } from './expected.ts'
import { type Engine, type RuntimeName, RUNTIMES } from './runtimes.ts'
import { changesBetween, copyOf, type Scratch } from './scratch.ts'

/** `differs`: otherwise than the reference, in a case that is marked as its oddity. */
export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'differs' | 'fail'; readonly reasons: readonly string[] }
  /** The workflow uses what this version refuses with `workflow/not-yet`. */
  | { readonly kind: 'not-yet'; readonly reasons: readonly string[] }

/** Runs cases on one runtime; the same gateway, tools and runtime for all of them. */
export class CaseRunner implements AsyncDisposable {
  readonly #cases: string
  readonly #engine: Engine
  readonly #folders: Map<string, string>
  readonly #prompts: Map<string, Prompts>
  #count = 0

  private constructor(
    cases: string,
    engine: Engine,
    { folders, prompts }: { folders: Map<string, string>; prompts: Map<string, Prompts> },
  ) {
    this.#cases = cases
    this.#engine = engine
    this.#folders = folders
    this.#prompts = prompts
  }

  static async open(cases: string, runtime: RuntimeName): Promise<CaseRunner> {
    const folders = new Map<string, string>()
    const prompts = new Map<string, Prompts>()
    const engine = await RUNTIMES[runtime]({
      models: overheard(createGateway(), prompts),
      tools: createToolBox({ floor: 'trusted' }),
      runFolder: (runId) => folders.get(runId) ?? '/nowhere',
    })
    return new CaseRunner(cases, engine, { folders, prompts })
  }

  async run(name: string, { compat = null }: { readonly compat?: 'agentloom' | null } = {}): Promise<Verdict> {
    const folder = join(this.#cases, name)
    const expected = await readExpected(folder)
    await using scratch = await copyOf(folder)
    const loaded = await load(scratch.folder, compat)
    if ('notYet' in loaded) return { kind: 'not-yet', reasons: loaded.notYet }
    const reasons =
      'error' in loaded
        ? refused(expected, loaded.error)
        : await this.#execute({ expected, scratch, plan: loaded.plan })
    if (reasons.length === 0) return { kind: 'pass' }
    return { kind: expected.wart === undefined ? 'fail' : 'differs', reasons }
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
      this.#prompts.delete(runId)
      const before = await scratch.snapshot()
      const view = await go()
      const files = changesBetween(before, await scratch.snapshot())
      return differences(view, end, { prompts: this.#prompts.get(runId) ?? new Map(), files })
    }
    const reasons = [...(await attempt(expected, () => this.#engine.run(plan, runId, expected.input.state)))]
    for (let next = expected.resume; next !== undefined && reasons.length === 0; next = next.resume) {
      await scratch.write(next.files_before)
      const again = await attempt(next, () => this.#engine.resume(plan, runId))
      reasons.push(...again.map((reason) => `resumed: ${reason}`))
    }
    this.#folders.delete(runId)
    return reasons
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#engine[Symbol.asyncDispose]()
  }
}

type Loaded = { readonly plan: Plan } | { readonly error: AgentloomError } | { readonly notYet: readonly string[] }

async function load(cwd: string, compat: 'agentloom' | null): Promise<Loaded> {
  try {
    const { definition, source, warnings } = await loadWorkflowFile('workflow.yaml', { cwd, compat })
    return { plan: compileWorkflow(definition, { source, warnings }).plan }
  } catch (error) {
    if (!(error instanceof AgentloomError)) throw error
    const found = error instanceof WorkflowError ? error.diagnostics : []
    const isOnlyNotYet = found.length > 0 && found.every(({ code }) => code === 'workflow/not-yet')
    return isOnlyNotYet ? { notYet: [...new Set(found.map(({ message }) => message))] } : { error }
  }
}

function refused(expected: ExpectedCase, error: AgentloomError): readonly string[] {
  return expected.outcome === 'load_error' ? [] : [`is refused, expected ${expected.outcome}: ${error.message}`]
}

/** Notes the texts of the first call of each step of each run. */
function overheard(models: Models, prompts: Map<string, Prompts>): Models {
  return {
    call(request, context) {
      const seen = new Map(prompts.get(context.runId))
      const textOf = (role: 'system' | 'user') => request.messages.find((message) => message.role === role)?.content
      const system = textOf('system')
      if (!seen.has(request.stepId))
        seen.set(request.stepId, { ...(system !== undefined && { system }), user: textOf('user') ?? '' })
      prompts.set(context.runId, seen)
      return models.call(request, context)
    },
  }
}
