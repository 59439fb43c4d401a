import { createClient, newRunId, type BlobStore, type Client, type StartDurability } from '@agentloom/bullmq/client'
import { compileYaml, fromPlain, isWorkflow, type Plan, type Workflow } from '@agentloom/workflow'
import { checkInput } from './input.ts'
import { runHandle, type Checkpoints, type RunHandle, type StepOutputs } from './run.ts'

export interface ProducerOptions {
  /** `redis://…`, `redis+sentinel://…/NAME` or `redis+cluster://…`; `rediss` for TLS. */
  readonly redis: string
  /** First part of every key; the same as the workers'. Default `al`. */
  readonly prefix?: string
  /** Number of shards, fixed when the first run is started; give it where no worker has started before. Default: as fixed, else 1. */
  readonly shards?: number
  /**
   * When a START counts as accepted: when Redis has it (`redis`, the default), its append-only file (`aof`), or so many
   * replicas (`replicas(2)`).
   */
  readonly durability?: StartDurability
  /** Runs that may wait to be begun, over all shards. Default 1,000,000. */
  readonly backlogMax?: number
  /** Share of Redis' maxmemory from which on no run is started. Default 0.9. */
  readonly memoryMark?: number
  /** Where values above 32 KiB lie, as the workers have it: `await openBlobPlace(…)`. Default: in Redis. */
  readonly blobs?: BlobStore | null
  /** Asked for results and statuses of runs that Redis no longer has: `new CheckpointStore(folder)` of `@agentloom/embedded`. */
  readonly checkpoints?: Checkpoints
}

export interface StartRunOptions<Input = unknown> {
  /** Plain JSON mapping, laid over the workflow's initial state key by key. */
  readonly input?: Input
  /** `[A-Za-z0-9_-]{1,64}`. The same id with the same content is the same run. Default: a new one. */
  readonly id?: string
  readonly tenant?: string
  /** 0 (first) to 2,097,151. Default 0. */
  readonly priority?: number
  readonly tags?: readonly string[]
  /** Default: the producer's. */
  readonly durability?: StartDurability
}

export interface ForkRunOptions {
  /** The step that runs again, and all that depends on it. */
  readonly from: string
  /** Plain JSON mapping, laid over the run's state key by key. */
  readonly state?: Readonly<Record<string, unknown>>
  /** A changed workflow; default: the run's own. */
  readonly workflow?: Startable
  /** Of the new run. Default: a new one. */
  readonly id?: string
}

/** A compiled plan, or the text of a workflow file. */
export type Startable = Plan | { readonly yaml: string }

export interface Producer {
  /**
   * Starts a run; it is recorded in Redis when this resolves. The same id with the same content again is the same run.
   * @throws {RunIdConflictError} `run/id-conflict`: the id stands for another run
   * @throws {StartOptionError} `run/bad-option`
   * @throws {InputError} `run/bad-input`: not what the workflow declares
   * @throws {WorkflowError} for a text that is no workflow
   * @throws {BacklogError} `run/backlog`, {MemoryMarkError} `redis/memory-mark`: nothing is started; try again later
   * @throws {DurabilityError} `run/durability`: it is started, but not known to be as safe as was asked for; `place` is its id
   * @throws {DurabilityUnavailableError} `redis/durability`: nothing is started
   * @throws {RedisFullError} `redis/full`, and what connecting throws (`config/redis-url`, `redis/…`)
   */
  start<Input, Output>(workflow: Workflow<Input, Output>, options?: StartRunOptions<Input>): Promise<RunHandle<Output>>
  start(workflow: Startable, options?: StartRunOptions): Promise<RunHandle<StepOutputs>>
  /**
   * Starts a new run that takes over what another one has done before a step, at no cost, and runs the rest; see docs/versions.md.
   * @throws {RunNotFoundError} `run/not-found` @throws {ForkError} `fork/step`, `fork/state`, `fork/id`
   */
  fork(runId: string, options: ForkRunOptions): Promise<RunHandle<StepOutputs>>
  /** A run that was started earlier, or by another process. Asks nobody: an unknown id shows when the handle is used. */
  run(id: string): RunHandle<StepOutputs>
  /** Ends the connection; handles of this producer are of no use after it. Twice is harmless. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Connects when first used. */
export function createProducer({ prefix, shards, blobs, checkpoints, ...policy }: ProducerOptions): Producer {
  let opened: Promise<Client> | null = null
  const client = (): Promise<Client> => {
    if (opened !== null) return opened
    const connecting = createClient({
      ...policy,
      ...(prefix !== undefined && { prefix }),
      ...(shards !== undefined && { shards }),
      ...(blobs !== undefined && { blobs }),
    })
    connecting.catch(() => {
      opened = null // the next use tries again
    })
    return (opened = connecting)
  }
  const source = { client, checkpoints: checkpoints ?? null }
  const close = async (): Promise<void> => {
    if (opened !== null)
      await opened.then(
        (one) => one.close(),
        () => undefined,
      )
  }
  async function start<Outputs>(
    workflow: AnyWorkflow | Startable,
    { id = newRunId(), ...options }: StartRunOptions = {},
  ): Promise<RunHandle<Outputs>> {
    const built = isWorkflow(workflow) ? workflow : null
    const checked = built === null ? options : { ...options, input: checkInput(built, options.input) }
    await (await client()).start(planOf(workflow), { runId: id, ...checked })
    return runHandle(source, id, built?.outputs ?? null)
  }
  return {
    start,
    async fork(runId, { from, state = {}, workflow, id = newRunId() }) {
      const values = Object.fromEntries(Object.entries(state).map(([key, value]) => [key, fromPlain(value)]))
      const plan = workflow === undefined ? {} : { plan: planOf(workflow) }
      await (await client()).fork(runId, { runId: id, from, state: values, ...plan })
      return runHandle(source, id, null)
    },
    run: (id) => runHandle(source, id, null),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** A built workflow whose types of input and outputs are left open. */
interface AnyWorkflow {
  readonly kind: Workflow['kind']
  readonly plan: Plan
}

function planOf(workflow: AnyWorkflow | Startable): Plan {
  if ('yaml' in workflow) return compileYaml(workflow.yaml).plan
  return 'plan' in workflow ? workflow.plan : workflow
}
