import { lstat } from 'node:fs/promises'
import type { ValueMap } from '@agentloom/workflow'
import type { ToolContext } from '@agentloom/engine/ports'
import { asText, asTimeoutMs, optional, required } from '../arguments.ts'
import { asFileFault } from '../errno.ts'
import { cut, Fault, Violation } from '../errors.ts'
import { openFolder } from '../files/open.ts'
import { allowedPath, isPathOfCommands, resolveOrRefuse } from '../policy/paths.ts'
import { helpOf, type Policy } from '../policy/policy.ts'
import { baseName, checkDangerous, checkListed, findExecutable } from './executable.ts'
import { pathCandidates } from './path-arguments.ts'
import { runProcess, type ProcessEnd, type ProcessStart } from './run-process.ts'
import { splitCommand } from './split.ts'

const TIMEOUT_S = 30
/** Each candidate costs look-ups on disk; no honest command comes near. */
const PATH_CANDIDATES_MAX = 10_000
/** As the reference names it, so that its own messages (`/bin/sh: 1: …`) are the same. */
const SHELL = '/bin/sh'
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const TIMED_OUT: ProcessEnd = { returncode: -1, stdout: '', stderr: 'Command timed out' }
const DID_NOTHING: ProcessEnd = { returncode: 0, stdout: '', stderr: '' }

/** Runs a command: by `sh -c` where nothing forbids it, else its words, checked, without a shell. */
export async function shellCommand(args: ValueMap, context: ToolContext, policy: Policy): Promise<ValueMap> {
  const command = asText(required(args, 'command'), 'command')
  const timeoutMs = asTimeoutMs(optional(args, 'timeout', TIMEOUT_S), 'timeout')
  const shownCwd = asText(optional(args, 'cwd', '.'), 'cwd')
  if (command.includes('\0')) throw new Fault('embedded null byte', { retryable: false })

  const cwd = await allowedPath(shownCwd, 'readable', policy, context.runFolder).catch((error: unknown) => {
    throw asFileFault(error, shownCwd)
  })
  const isGuarded = policy.guards.length > 0
  const environment = isGuarded ? minimalEnvironment(context.runFolder) : process.env
  const program = policy.isShell ? shellOf(command) : await programOf(command, { cwd, environment, policy })
  if ('returncode' in program) return { ...program }

  await using folder = await openFolder(cwd, shownCwd, isGuarded)
  try {
    const start = { ...program, cwd: folder.path, environment, timeoutMs, signal: context.signal }
    return { ...((await runProcess(start)) ?? TIMED_OUT) }
  } catch (error) {
    throw asFileFault(error, cut(program.words[0], 200))
  }
}

type Program = Pick<ProcessStart, 'file' | 'words'>

function shellOf(command: string): Program {
  return { file: SHELL, words: [SHELL, '-c', command] }
}

/** The checks of a guarded command in the order of the rules, then the file and words to execute. */
async function programOf(
  command: string,
  { cwd, environment, policy }: { cwd: string; environment: NodeJS.ProcessEnv; policy: Policy },
): Promise<Program | ProcessEnd> {
  const variables = new Map(Object.entries(environment).map(([name, value]) => [name, value ?? '']))
  const [name, ...operands] = splitCommand(command, variables)
  if (name === undefined) return DID_NOTHING
  checkListed(name, policy)
  checkDangerous([baseName(name)], policy)
  await checkPathArguments(operands, cwd, policy)
  const executable = await findExecutable(name, cwd, environment['PATH'] ?? DEFAULT_PATH)
  // What a shell answers; a workflow may route on it.
  if (executable === null) return { returncode: 127, stdout: '', stderr: `${SHELL}: 1: ${name}: not found\n` }
  checkDangerous([baseName(name), executable.realName], policy)
  return { file: executable.file, words: [name, ...operands] }
}

async function checkPathArguments(operands: readonly string[], cwd: string, policy: Policy): Promise<void> {
  const candidates = pathCandidates(operands)
  if (candidates.length > PATH_CANDIDATES_MAX) throw new Violation('Too many arguments to check')
  for (const { text, onlyIfExists } of candidates) {
    if (onlyIfExists && !(await exists(text.startsWith('/') ? text : `${cwd}/${text}`))) continue
    const path = await resolveOrRefuse(text, policy, cwd)
    for (const guard of policy.guards)
      if (!(await isPathOfCommands(path, guard)))
        throw new Violation(
          `Path argument '${cut(path, 1_000)}' not within allowed directories`,
          helpOf(guard, 'add its folder to a path list of the sandbox; write a value apart from its option'),
        )
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch {
    return false
  }
}

/** Nothing of the process's own environment but what programs need to start and to print text: no keys, no tokens. */
function minimalEnvironment(home: string): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { PATH: process.env['PATH'] ?? DEFAULT_PATH, HOME: home }
  for (const name of ['LANG', 'LC_ALL', 'TZ']) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  return environment
}
