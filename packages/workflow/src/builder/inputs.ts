import { fromPlain } from '../value/from-plain.ts'
import type { Value, ValueMap } from '../value/value.ts'
import { asWritten } from './settings.ts'

interface Types {
  string: string
  number: number
  integer: number
  boolean: boolean
  list: readonly unknown[]
  mapping: { readonly [key: string]: unknown }
  any: unknown
}

/** Inputs as the format declares them. */
export interface InputDeclarations {
  readonly [name: string]: {
    /** Default any. */
    readonly type?: keyof Types
    readonly required?: boolean
    readonly default?: unknown
    readonly description?: string
  }
}

type TypeOf<Declared> = Declared extends { readonly type: infer Type extends keyof Types } ? Types[Type] : unknown

/** What steps see. */
export type InputsOf<Inputs extends InputDeclarations> = { readonly [Name in keyof Inputs]: TypeOf<Inputs[Name]> }

type Required<Inputs extends InputDeclarations> = {
  [Name in keyof Inputs]: Inputs[Name] extends { readonly required: true } ? Name : never
}[keyof Inputs]

/** What a run is given. */
export type GivenInputs<Inputs extends InputDeclarations> = [keyof Inputs] extends [never]
  ? unknown
  : { readonly [Name in Required<Inputs>]: TypeOf<Inputs[Name]> } & {
      readonly [Name in Exclude<keyof Inputs, Required<Inputs>>]?: TypeOf<Inputs[Name]>
    }

export function inputsAs(inputs: InputDeclarations): ValueMap {
  const written: Record<string, Value> = {}
  for (const [name, { default: value, ...rest }] of Object.entries(inputs)) {
    written[name] = { ...asWritten(rest), ...(value !== undefined && { default: fromPlain(value) }) }
  }
  return written
}
