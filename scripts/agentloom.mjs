#!/usr/bin/env node
// `npx agentloom …` in this repository: sets up on first use, then runs apps/cli under Node 24.
import { runCommandLine } from './setup/command-line.mjs'
import { runMain } from './setup/error.mjs'

await runMain(() => runCommandLine(process.argv.slice(2)))
