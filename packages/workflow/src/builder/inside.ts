import { type Condition, conditionText, namedInCondition } from './condition.ts'
import { BuilderError } from './errors.ts'
import { makeRef, type Ref } from './ref.ts'
import type { PerItem, Undoing, Work } from './steps.ts'
import { callWork, llmWork, type Recorded, subworkflowWork, toolWork } from './work.ts'

// Steps inside of steps: what `foreach` does for an item, and what undoes a step. A Work is a token; what it stands for is kept
// here, so that users cannot make one themselves.

const recorded = new WeakMap<object, Recorded>()

/** @throws {BuilderError} for what the builder that was handed in did not make */
export function recordedBy(work: Work, stepId: string): Recorded {
  const found = typeof work === 'object' && work !== null ? recorded.get(work) : undefined
  if (found !== undefined) return found
  throw new BuilderError('return what the builder that is handed in gives: (item, each) => each.llm(…)', {
    step: stepId,
  })
}

export function itemRef(): Ref<unknown> {
  return makeRef({ stepId: null, path: ['item'] })
}

interface Choice {
  readonly when: readonly (readonly [Condition | Ref<boolean>, string])[]
  readonly otherwise?: string
}

const plain = {
  tool: (...[name, args = {}, options = {}]: Partial<Parameters<typeof toolWork>>) =>
    workOf(toolWork(name ?? '', args, options)),
  call: (...[fn, input, options = {}]: [...Parameters<typeof callWork>] | [Parameters<typeof callWork>[0], object]) =>
    workOf(callWork(fn, input, options)),
  llm: (options: Parameters<typeof llmWork>[0]) => workOf(llmWork(options)),
}

export function perItem(): PerItem {
  // The builder's types are those of its interface; what is taken down does not repeat them.
  return { ...plain, index: makeRef<number>({ stepId: null, path: ['index'] }), route } as unknown as PerItem
}

export function undoing(): Undoing {
  return {
    ...plain,
    workflow: (...[child, options = {}]: Partial<Parameters<typeof subworkflowWork>>) =>
      workOf(subworkflowWork(child ?? '', options)),
  } as unknown as Undoing
}

function route({ when, otherwise }: Choice): Work {
  return workOf({
    named: when.flatMap(([condition]) => namedInCondition(condition)),
    functions: [],
    write: (_, outputs) => ({
      type: 'router',
      conditions: when.map(([condition, target]) => ({ expression: conditionText(condition, outputs), target })),
      ...(otherwise !== undefined && { default: otherwise }),
    }),
  })
}

function workOf(work: Recorded): Work {
  const token = Object.freeze({}) as unknown as Work
  recorded.set(token, work)
  return token
}
