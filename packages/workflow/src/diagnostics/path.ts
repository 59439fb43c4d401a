import { shown } from './shown.ts'

/** Where a value stands in the workflow document: `['steps', 3, 'prompt']`. */
export type Path = readonly (string | number)[]

/** Characters of a key that a message repeats: one of a megabyte must not fill the screen. */
const KEY_CHARS_MAX = 80

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/

/** `steps[3].prompt`, `state["a b"]`: the form that every message uses. */
export function pathText(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (part.length <= KEY_CHARS_MAX && PLAIN_KEY.test(part)) text += text === '' ? part : `.${part}`
    else text += `[${shown(JSON.stringify(shortened(part)), Infinity)}]`
  }
  return text
}

function shortened(key: string): string {
  return key.length > KEY_CHARS_MAX ? `${key.slice(0, KEY_CHARS_MAX)}…` : key
}
