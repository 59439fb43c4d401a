import { randomBytes } from 'node:crypto'
import { createClient, type Client } from '@agentloom/bullmq/client'
import { compileYaml, type Plan } from '@agentloom/workflow'
import { runHandle, type RunHandle } from './run.ts'

export interface ProducerOptions {
  /** `redis://` or `rediss://` URL of a single server. */
  readonly redis: string
  /** First part of every key; the same as the workers'. Default `al`. */
  readonly prefix?: string
}

export interface StartRunOptions {
  /** Plain JSON mapping, laid over the workflow's initial state key by key. */
  readonly input?: unknown
  /** `[A-Za-z0-9_-]{1,64}`. The same id with the same content is the same run. Default: a new one. */
  readonly id?: string
  readonly tenant?: string
  /** 0 (first) to 2,097,151. Default 0. */
  readonly priority?: number
  readonly tags?: readonly string[]
}

/** A compiled plan, the text of a workflow file, or what `defineWorkflow` made. */
export type Startable = Plan | { readonly yaml: string } | { readonly plan: Plan }

export interface Producer {
  /**
   * Starts a run; it is durable in Redis when this resolves.
   * @throws {RunIdConflictError} `run/id-conflict` · {StartOptionError} `run/bad-option` · {WorkflowError} for a text that
   * is no workflow · what connecting throws (`config/redis-url`, `redis/…`)
   */
  start(workflow: Startable, options?: StartRunOptions): Promise<RunHandle>
  /** A run that was started earlier, or by another process. Asks nobody: an unknown id shows when the handle is used. */
  run(id: string): RunHandle
  /** Ends the connection; handles of this producer are of no use after it. Twice is harmless. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Connects when first used. */
export function createProducer({ redis, prefix }: ProducerOptions): Producer {
  let opened: Promise<Client> | null = null
  const client = (): Promise<Client> => {
    if (opened !== null) return opened
    const connecting = createClient({ redis, ...(prefix === undefined ? {} : { prefix }) })
    connecting.catch(() => {
      opened = null // the next use tries again
    })
    return (opened = connecting)
  }
  const close = async (): Promise<void> => {
    if (opened !== null) await opened.then((one) => one.close(), () => undefined)
  }
  return {
    async start(workflow, { id = newRunId(), ...options } = {}) {
      const plan = planOf(workflow)
      await (await client()).start(plan, { runId: id, ...options })
      return runHandle(client, id)
    },
    run: (id) => runHandle(client, id),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function planOf(workflow: Startable): Plan {
  if ('yaml' in workflow) return compileYaml(workflow.yaml).plan
  return 'plan' in workflow ? workflow.plan : workflow
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const RUN_ID_CHARACTERS = 16

function newRunId(): string {
  return Array.from(randomBytes(RUN_ID_CHARACTERS), (byte) => BASE32[byte % BASE32.length]).join('')
}
