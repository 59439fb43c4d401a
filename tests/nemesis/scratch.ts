import { fileURLToPath } from 'node:url'

/** Beside the sources, as the temporary folder of many machines is no disk. */
export const SCRATCH = fileURLToPath(new URL('../../node_modules/.cache/agentloom-nemesis', import.meta.url))
