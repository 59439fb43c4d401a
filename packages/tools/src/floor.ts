import { isAbsolute } from 'node:path'
import { z } from 'zod'

/** One file_write may put this many bytes on a worker's disk, unless its operator says otherwise; as much as a step's result. */
const FLOOR_WRITE_BYTES_MAX = 10 * 1024 * 1024

const folder = z.string().refine((path) => isAbsolute(path) && !path.includes('\0'), 'must be an absolute path')

/**
 * What an operator allows the tools of a process, whatever workflows say: a workflow's own sandbox narrows it and never widens
 * it. Every setting left out is closed; `floorSchema.parse({})` is {@link closedFloor}.
 */
export const floorSchema = z.strictObject({
  allowedCommands: z
    .array(z.string().min(1))
    .default([])
    .describe('Executables that shell_command may run, by base name; run without a shell. Not a security boundary.'),
  shell: z
    .boolean()
    .default(false)
    .describe('Lets workflows without a sandbox use `sh -c`, any command, and so any file of this user.'),
  dangerOptIn: z
    .array(z.string().min(1))
    .default([])
    .describe('Allowed commands that can run arbitrary code (sh, python, env, ssh …) and are accepted all the same.'),
  readablePaths: z.array(folder).default([]).describe("Folders, beside the run's own, that tools may read."),
  writablePaths: z.array(folder).default([]).describe("Folders, beside the run's own, that tools may write to."),
  allowNetwork: z.boolean().default(true).describe('Whether http_request may go out at all.'),
  allowedDomains: z
    .array(z.string().min(1))
    .default([])
    .describe('Exact host names that http_request may ask; empty: every host.'),
  allowInternalAddresses: z
    .boolean()
    .default(false)
    .describe('Lets http_request reach loopback, private, link-local (cloud metadata) and other internal addresses.'),
  maxWriteBytes: z
    .int()
    .nonnegative()
    .nullable()
    .default(FLOOR_WRITE_BYTES_MAX)
    .describe('Bytes that one file_write may write; null: no limit.'),
})

export type Floor = z.infer<typeof floorSchema>

/** No commands, no files outside the run's folder, no internal addresses: what a worker has unless its operator opens it. */
export function closedFloor(): Floor {
  return floorSchema.parse({})
}
