// `agentloom worker` without the command line: flags and environment come as JSON.
import { runWorker } from './run-worker.ts'

const { flags, environment } = JSON.parse(process.argv[2] ?? '{}')
await runWorker(flags, environment)
