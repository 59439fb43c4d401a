import { join } from 'node:path'
import { ROOT, setUp } from '../setup.mjs'
import { runNode } from './run-node.mjs'

/** Node's own flags for the project's sources: the condition under which packages resolve to src/, and no talk of SQLite. */
export const NODE_FLAGS = ['--conditions=agentloom-source', '--disable-warning=ExperimentalWarning']

/**
 * Sets up if need be, then runs the command line under Node 24.
 * @param {readonly string[]} args
 * @param {{ cwd?: string }} [options]
 */
export async function runCommandLine(args, options) {
  const node = await setUp()
  await runNode(node, [...NODE_FLAGS, join(ROOT, 'apps', 'cli', 'src', 'main.ts'), ...args], {
    ...options,
    isTied: true,
  })
}
