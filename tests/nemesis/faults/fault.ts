import type { World } from '../world.ts'

/** Faults of one lane never overlap; those of different lanes do. */
export type Lane = 'process' | 'network' | 'store' | 'queue' | 'clock' | 'disk'

export interface Fault {
  readonly kind: string
  readonly lane: Lane
  /** When it counts as having taken effect. */
  readonly effect: string
  /** Does it, undoes it, and says whether it took effect. */
  inject(world: World): Promise<boolean>
}
