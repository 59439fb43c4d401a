// `npm start` runs the main job, `npm start -- FILE …` another workflow.
import { ROOT } from './setup.mjs'
import { runCommandLine } from './setup/command-line.mjs'
import { runMain } from './setup/error.mjs'

const args = process.argv.slice(2)
// npm runs scripts in the root; paths that the user typed, and .agentloom/, belong to the folder they were typed in.
const isRunByNpm = process.env.npm_lifecycle_event === 'start'
const cwd = (isRunByNpm && process.env.INIT_CWD) || process.cwd()
const isMainJob = args.length === 0 || args[0]?.startsWith('-')

await runMain(() =>
  isMainJob ? runCommandLine(['start', ...args], { cwd: ROOT }) : runCommandLine(['run', ...args], { cwd }),
)
