import { resolve } from 'node:path'
import type { SandboxSettings } from '@agentloom/workflow'
import type { Floor } from '../floor.ts'

/**
 * One set of rules. A policy holds those of the workflow, of the workflows that it is a part of, and of the floor, and an act must pass
 * each of them: that is all there is to "the intersection".
 */
export interface Guard {
  readonly owner: 'workflow' | 'floor'
  /** Base names; `any` where there is no list to be on. */
  readonly commands: readonly string[] | 'any'
  readonly dangerOptIn: readonly string[] | 'any'
  /** Absolute, symbolic links not yet followed. */
  readonly readable: readonly string[]
  readonly writable: readonly string[]
  readonly allowNetwork: boolean
  /** Lower case. */
  readonly schemes: readonly string[]
  /** As written; empty: every host. */
  readonly domains: readonly string[]
  readonly allowInternal: boolean
  readonly maxWriteBytes: number | null
}

export interface Policy {
  /** None: unrestricted, as the reference is with its sandbox off. */
  readonly guards: readonly Guard[]
  /** Whether commands go to `sh -c`; else the words themselves are executed. */
  readonly isShell: boolean
}

const WEB_SCHEMES = ['http', 'https']

export function policyOf(sandbox: SandboxSettings, floor: Floor | 'trusted', runFolder: string): Policy {
  const guards: Guard[] = []
  for (const one of [sandbox, ...(sandbox.outer ?? [])]) if (one.enabled) guards.push(workflowGuard(one, runFolder))
  if (floor !== 'trusted') guards.push(floorGuard(floor, runFolder))
  return { guards, isShell: guards.every((guard) => guard.commands === 'any') }
}

function workflowGuard(sandbox: SandboxSettings, runFolder: string): Guard {
  const absolute = (paths: readonly string[]) => paths.map((path) => resolve(runFolder, path))
  const schemes = sandbox.allowedSchemes.map((scheme) => scheme.toLowerCase())
  return {
    owner: 'workflow',
    commands: sandbox.allowedCommands,
    dangerOptIn: sandbox.dangerOptIn,
    readable: absolute([...sandbox.allowedPaths, ...sandbox.readablePaths]),
    writable: absolute([...sandbox.allowedPaths, ...sandbox.writablePaths]),
    allowNetwork: sandbox.allowNetwork,
    schemes: schemes.length === 0 ? WEB_SCHEMES : schemes,
    domains: sandbox.allowedDomains,
    // A host that the file's author lists by name is wanted, wherever it is; without a list nobody has said so.
    allowInternal: sandbox.allowedDomains.length > 0,
    maxWriteBytes: sandbox.maxWriteBytes,
  }
}

function floorGuard(floor: Floor, runFolder: string): Guard {
  return {
    owner: 'floor',
    commands: floor.shell ? 'any' : floor.allowedCommands,
    dangerOptIn: floor.shell ? 'any' : floor.dangerOptIn,
    readable: [runFolder, ...floor.readablePaths],
    writable: [runFolder, ...floor.writablePaths],
    allowNetwork: floor.allowNetwork,
    schemes: WEB_SCHEMES,
    domains: floor.allowedDomains,
    allowInternal: floor.allowInternalAddresses,
    maxWriteBytes: floor.maxWriteBytes,
  }
}

/** What to do about a refusal depends on whose rule it was. */
export function helpOf(guard: Guard, workflowHelp: string): string {
  return guard.owner === 'workflow' ? workflowHelp : "the operator's floor of this process refuses it"
}

/** `['a', 'b']`, or `(none)`. */
export function listText(items: readonly string[]): string {
  return items.length === 0 ? '(none)' : `[${items.map((item) => `'${item}'`).join(', ')}]`
}
