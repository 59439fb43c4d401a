#!/usr/bin/env node
import { Console } from 'node:console'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

/** What users' functions leave running (timers, connections) must not keep a finished command alive. */
const LINGER_MS = 500

// From sources, half of a start is stripping types and compiling. Kept beside the packages, where nobody else can write.
if (import.meta.filename.endsWith('.ts'))
  enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/agentloom'))

// The launcher holds the other end. Who kills it, with SIGKILL too, means this process: a run must not go on unseen.
if (process.channel !== undefined) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.channel?.unref() // behind the listener, which holds the process
}

// Stdout carries results alone: what users' functions and tools print goes where the talk is.
globalThis.console = new Console(process.stderr)

process.exitCode = 1 // until the end is known: a run that is waited for in vain must not look like a success
const [{ runCli }, { processIo }] = await Promise.all([import('./cli.ts'), import('./io/process-io.ts')])
process.exitCode = await runCli(process.argv.slice(2), processIo())
setTimeout(() => process.exit(), LINGER_MS).unref() // everything written has left by now
