import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { Violation } from '../errors.ts'
import { helpOf, listText, type Guard, type Policy } from '../policy/policy.ts'

/** Programs that run whatever they are told; an allow-list entry alone does not allow them. */
const DANGEROUS = new Set(
  `env sh bash zsh fish ksh dash xargs python python3 node perl ruby php lua awk eval source . exec nc ncat socat ssh`.split(
    ' ',
  ),
)

/** The part after the last slash, as the rules compare it. */
export function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1)
}

/** @throws {Violation} unless every guard lists the command */
export function checkListed(word: string, policy: Policy): void {
  const name = baseName(word)
  for (const guard of policy.guards) {
    if (guard.commands !== 'any' && !guard.commands.includes(name))
      throw new Violation(
        `Command '${name}' not in allowlist. Allowed: ${listText([...guard.commands].sort())}`,
        helpOf(guard, 'add it to sandbox.allowed_commands'),
      )
  }
}

/**
 * @param names what the command is called and what its file is really called (`python3.12`, `nodejs` → `node`)
 * @throws {Violation} when one is dangerous and a guard has not opted in
 */
export function checkDangerous(names: readonly string[], policy: Policy): void {
  for (const name of names) {
    const lower = name.toLowerCase()
    const family = [lower, lower.replace(/[\d.]+$/, '')].find((each) => DANGEROUS.has(each))
    if (family === undefined) continue
    for (const guard of policy.guards) if (!hasOptedIn(guard, [...names, family])) throw dangerous(name, guard)
  }
}

function hasOptedIn(guard: Guard, names: readonly string[]): boolean {
  if (guard.dangerOptIn === 'any') return true
  const accepted = new Set(guard.dangerOptIn.map((name) => name.toLowerCase()))
  return names.some((name) => accepted.has(name.toLowerCase()))
}

function dangerous(name: string, guard: Guard): Violation {
  return new Violation(
    `Executable '${name}' can run arbitrary code and is blocked by default; it must be opted in by name`,
    helpOf(guard, `add '${name}' to sandbox.danger_opt_in`),
  )
}

/**
 * The file that a listed command stands for: the one on PATH, and nothing else that happens to have its name.
 * @returns null when PATH has none
 * @throws {Violation} when the word is a path to another file
 */
export async function findExecutable(
  word: string,
  cwd: string,
  path: string,
): Promise<{ file: string; realName: string } | null> {
  const onPath: { file: string; real: string }[] = []
  // Empty and relative entries mean "wherever the command runs": nobody's choice.
  for (const folder of path.split(':').filter((entry) => isAbsolute(entry))) {
    const file = join(folder, baseName(word))
    if (await isExecutable(file)) onPath.push({ file, real: await realpath(file) })
  }
  const [first] = onPath
  if (first === undefined) return null
  if (!word.includes('/')) return { file: first.file, realName: baseName(first.real) }
  const real = await realpath(resolve(cwd, word)).catch(() => null)
  const same = onPath.find((candidate) => candidate.real === real)
  if (same === undefined)
    throw new Violation(`Command '${word}' is not the '${baseName(word)}' on PATH`, `write '${baseName(word)}' alone`)
  return { file: same.file, realName: baseName(same.real) }
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
