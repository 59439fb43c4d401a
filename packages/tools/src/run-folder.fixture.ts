import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ToolBox, ToolContext } from '@agentloom/engine/ports'
import type { SandboxSettings, Value, ValueMap } from '@agentloom/workflow'
import type { Tool } from './define-tool.ts'
import { floorSchema, type Floor } from './floor.ts'
import { createToolBox } from './tool-box.ts'

export const SANDBOX_OFF: SandboxSettings = {
  enabled: false,
  allowedCommands: [],
  allowedPaths: [],
  readablePaths: [],
  writablePaths: [],
  allowNetwork: true,
  allowedDomains: [],
  allowedSchemes: [],
  maxWriteBytes: null,
  dangerOptIn: [],
  allowInternalWebhookTargets: false,
}

export interface RunSetting {
  readonly files?: { readonly [path: string]: string | Uint8Array }
  /** Given: the sandbox is on. */
  readonly sandbox?: Partial<SandboxSettings>
  /** Given: a worker; else a trusted local run. */
  readonly floor?: Partial<Floor>
  readonly tools?: readonly Tool[]
}

export interface StartedRun extends AsyncDisposable {
  readonly box: ToolBox
  readonly folder: string
  /** Beside the run's folder, never allowed by itself. */
  readonly outer: string
  call(name: string, args: ValueMap, signal?: AbortSignal): Promise<Value>
  verify(name: string, args: ValueMap): Promise<{ readonly result: Value } | null>
}

/** A run's folder in a temporary one, and a tool box that works in it. */
export async function startedRun({ files = {}, sandbox, floor, tools = [] }: RunSetting = {}): Promise<StartedRun> {
  const box = createToolBox({ tools, floor: floor === undefined ? 'trusted' : floorSchema.parse(floor) })
  const outer = await realpath(await mkdtemp(join(tmpdir(), 'agentloom-tools-')))
  const folder = join(outer, 'run')
  await mkdir(folder)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const context = (signal: AbortSignal): ToolContext => ({
    signal,
    runId: 'run1',
    stepId: 'step1',
    idempotencyKey: 'run1:step1:1',
    runFolder: folder,
    sandbox: sandbox === undefined ? SANDBOX_OFF : { ...SANDBOX_OFF, ...sandbox, enabled: true },
  })
  return {
    box,
    folder,
    outer,
    call: (name, args, signal = new AbortController().signal) => box.call(name, args, context(signal)),
    verify: (name, args) => box.verify(name, args, context(new AbortController().signal)),
    [Symbol.asyncDispose]: () => rm(outer, { recursive: true, force: true }),
  }
}
