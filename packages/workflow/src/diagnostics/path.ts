/** Where a value stands in the workflow document: `['steps', 3, 'prompt']`. */
export type Path = readonly (string | number)[]

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/

/** `steps[3].prompt`, `state["a b"]`: the form that every message uses. */
export function pathText(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (PLAIN_KEY.test(part)) text += text === '' ? part : `.${part}`
    else text += `[${JSON.stringify(shortened(part))}]`
  }
  return text
}

// A key of a megabyte must not fill the screen.
function shortened(key: string): string {
  return key.length > 80 ? `${key.slice(0, 80)}…` : key
}
