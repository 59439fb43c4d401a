import type { Models } from '@agentloom/engine'

/** What the models of a run were told. */
export interface Heard {
  /** The texts of the first call of each step. */
  readonly prompts: ReadonlyMap<string, { readonly system?: string; readonly user: string }>
  /** What the tools gave, as of the last call of each step. */
  readonly toolResults: ReadonlyMap<string, readonly { readonly ok: boolean; readonly text: string }[]>
}

const NOTHING: Heard = { prompts: new Map(), toolResults: new Map() }

/** Listens to what models are told, by run. A child run is a run of its own. */
export class Overheard {
  readonly models: Models
  readonly #runs = new Map<string, Heard>()

  constructor(models: Models) {
    this.models = {
      call: (request, context) => {
        this.#note(context.runId, request)
        return models.call(request, context)
      },
    }
  }

  of(runId: string): Heard {
    return this.#runs.get(runId) ?? NOTHING
  }

  forget(runId: string): void {
    this.#runs.delete(runId)
  }

  #note(runId: string, { stepId, messages }: Parameters<Models['call']>[0]): void {
    const { prompts, toolResults } = this.of(runId)
    const textOf = (role: 'system' | 'user') => messages.find((message) => message.role === role)?.content
    const system = textOf('system')
    const prompt = { ...(system !== undefined && { system }), user: textOf('user') ?? '' }
    const results = messages.flatMap((message) =>
      message.role === 'tool' ? [{ ok: !message.isError, text: message.content }] : [],
    )
    this.#runs.set(runId, {
      prompts: prompts.has(stepId) ? prompts : new Map(prompts).set(stepId, prompt),
      toolResults: new Map(toolResults).set(stepId, results),
    })
  }
}
