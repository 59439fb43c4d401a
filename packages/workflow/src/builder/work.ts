import type { Definition } from '../plan/plan.ts'
import type { Value } from '../value/value.ts'
import { argumentsAs, namedIn, type ToolArguments } from './argument.ts'
import { conditionText, namedInCondition } from './condition.ts'
import { handlerOf, type FunctionDefinition } from './define-function.ts'
import type { OutputNames } from './place.ts'
import type { AnyRef, Named } from './ref.ts'
import { asWritten } from './settings.ts'
import type {
  AnyChild,
  Attachment,
  CacheOptions,
  LlmOptions,
  StepOptions,
  SubworkflowOptions,
  WorkOptions,
} from './steps.ts'
import { templateOf, Text } from './text.ts'
import { asJsonSchema } from './output-schema.ts'

/** A step's keys as the format writes them. */
export type Keys = { readonly [key: string]: Value }

/** What a step does, taken down: what it names, the functions that it calls, and how it is written once outputs have names. */
export interface Recorded {
  readonly named: readonly Named[]
  readonly functions: readonly FunctionDefinition[]
  /** Texts of files that it names. */
  readonly files?: Definition['files']
  write(stepId: string, outputs: OutputNames): Keys
}

export function llmWork(options: LlmOptions): Recorded {
  const { prompt, system, attachments = [], thinking, outputSchema, ...rest } = options
  const { named, settings, write } = commonOf(rest)
  return {
    named: [...namedIn(prompt), ...namedIn(system), ...namedIn(attachments.map(({ source }) => source)), ...named],
    functions: [],
    write: (_, outputs) => ({
      type: 'llm_call',
      prompt: templateOf(prompt, outputs),
      ...(system !== undefined && { system_prompt: templateOf(system, outputs) }),
      ...(attachments.length > 0 && { attachments: attachments.map((one) => attachmentAs(one, outputs)) }),
      ...(thinking !== undefined && { thinking: asWritten({ enabled: true, ...thinking }) }),
      ...(outputSchema !== undefined && { output_schema: asJsonSchema(outputSchema) }),
      ...asWritten(settings),
      ...write(outputs),
    }),
  }
}

export function toolWork(name: string, args: ToolArguments, options: WorkOptions): Recorded {
  const { named, settings, write } = commonOf(options)
  return {
    named: [...namedIn(args), ...named],
    functions: [],
    write: (stepId, outputs) => ({
      type: 'tool',
      tool_name: name,
      tool_args: argumentsAs(args, { stepId, isRecursive: false, outputs }),
      ...asWritten(settings),
      ...write(outputs),
    }),
  }
}

export function callWork(fn: FunctionDefinition, input: object, options: WorkOptions): Recorded {
  const { named, settings, write } = commonOf(options)
  return {
    named: [...namedIn(input), ...named],
    functions: [fn],
    write: (stepId, outputs) => ({
      type: 'function',
      handler: handlerOf(fn),
      input: argumentsAs(input, { stepId, isRecursive: true, outputs }),
      ...asWritten(settings),
      ...write(outputs),
    }),
  }
}

export function subworkflowWork(child: string | AnyChild, options: SubworkflowOptions<unknown, string>): Recorded {
  const { input = {}, ...rest } = options
  const { named, settings, write } = commonOf(rest)
  return {
    named: [...namedIn(input), ...named],
    functions: typeof child === 'string' ? [] : child.functions,
    ...(typeof child !== 'string' && { files: child.definition.files }),
    write: (stepId, outputs) => ({
      type: 'subworkflow',
      ...(typeof child === 'string' ? { workflow_path: child } : { workflow_inline: child.definition.workflow }),
      ...(Object.keys(Object(input)).length > 0 && {
        input: argumentsAs(Object(input), { stepId, isRecursive: true, outputs }),
      }),
      ...asWritten(settings),
      ...write(outputs),
    }),
  }
}

interface Common {
  readonly named: readonly Named[]
  /** What is written as it is. */
  readonly settings: object
  write(outputs: OutputNames): Keys
}

/** Takes out what is more than a setting: a condition and a key with references in them. */
export function commonOf(options: StepOptions<never>): Common {
  const { when, cache, dependsOn: _, compensate: __, ...settings } = options
  return {
    named: [...(when === undefined ? [] : namedInCondition(when)), ...namedIn(cache?.key)],
    settings,
    write: (outputs) => ({
      ...(when !== undefined && { when: conditionText(when, outputs) }),
      ...(cache !== undefined && { cache: cacheAs(cache, outputs) }),
    }),
  }
}

function cacheAs({ key, ttlSeconds }: CacheOptions, outputs: OutputNames): Keys {
  return { key: templateOf(key, outputs), ...(ttlSeconds !== undefined && { ttl: ttlSeconds }) }
}

function attachmentAs({ source, ...settings }: Attachment, outputs: OutputNames): Keys {
  return { source: templateOf(sourceText(source), outputs), ...asWritten(settings) }
}

function sourceText(source: Text | string | AnyRef): Text | string {
  return typeof source === 'string' || source instanceof Text ? source : new Text([...namedIn(source)])
}
