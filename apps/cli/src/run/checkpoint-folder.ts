import { join, resolve } from 'node:path'
import { invalid } from '../command-line/numbers.ts'
import type { RunOptions } from '../command-line/run-options.ts'
import type { Io } from '../io/io.ts'
import type { Settings } from '../settings.ts'
import type { Place } from './place.ts'

/**
 * Where a checkpoint in the Python engine's format goes, or null.
 * @throws {UsageError} for the folder of our own checkpoints, whose files have the same names
 */
export function checkpointFolderOf(
  { checkpoint, checkpointDir }: RunOptions,
  place: Place & { readonly kind: 'embedded' },
  settings: Settings,
  io: Io,
): string | null {
  if (checkpointDir === undefined && checkpoint !== true && !settings.AGENTLOOM_CHECKPOINT) return null
  const folder = resolve(io.cwd(), checkpointDir ?? settings.AGENTLOOM_CHECKPOINT_DIR)
  if (folder === join(place.home, 'checkpoints')) {
    throw invalid(
      '--checkpoint-dir',
      `${place.shown}checkpoints holds agentloom's own checkpoints, which are written anyway.`,
    )
  }
  return folder
}
