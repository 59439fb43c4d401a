// What the names of an expression stand for, and how mappings of the state are seen through them: every attribute of a mapping is a
// key, a missing one is None, and there are no methods. What comes through `steps` is raw: its lists and mappings have methods too.
import { Opaque, PyList, RawMapping, type Py } from '../python/objects.ts'
import { isList, isMapping, type Value, type ValueMap } from '../value/value.ts'

export const STATE = new Opaque('state', 'state')
export const STEPS = new Opaque('steps', 'steps')

/** `steps.<id>`, also of a step that never ran. */
export class StepHolder extends Opaque {
  readonly id: string
  constructor(id: string) {
    super('step', `step ${id}`)
    this.id = id
  }

  /** `output` or `status` of a finished step; None for all else. */
  field(state: ValueMap, name: string): Py {
    if (name !== 'output' && name !== 'status') return null
    const steps = ownValue(state, 'steps')
    const entry = isMapping(steps) ? ownValue(steps, this.id) : null
    return isMapping(entry) ? raw(ownValue(entry, name)) : null
  }
}

/** The value under a key, None where there is none. Own keys only. */
export function ownValue(mapping: ValueMap, key: string): Value {
  return (Object.hasOwn(mapping, key) ? mapping[key] : null) ?? null
}

export function raw(value: Value): Py {
  if (isList(value)) return new PyList(value, 'raw')
  return isMapping(value) ? new RawMapping(value) : value
}

/** An element of a list that an expression holds, as it is seen through that list. */
export function elementOf(list: Py, item: Py): Py {
  return list instanceof PyList && list.isRaw ? raw(item as Value) : item
}
