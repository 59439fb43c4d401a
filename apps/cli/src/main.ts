#!/usr/bin/env node
import { runCli } from './cli.ts'
import { processIo } from './io/process-io.ts'

/** What users' functions leave running (timers, connections) must not keep a finished command alive. */
const LINGER_MS = 500

process.exitCode = 1 // until the end is known: a run that is waited for in vain must not look like a success
process.exitCode = await runCli(process.argv.slice(2), processIo())
setTimeout(() => process.exit(), LINGER_MS).unref() // everything written has left by now
