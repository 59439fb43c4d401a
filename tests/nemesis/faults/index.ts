import { CAN_SET_CLOCKS } from '../clock.ts'
import { CAN_MOUNT } from '../disk.ts'
import { skew } from './clocks.ts'
import { checkpointsFull, spoolFull } from './disks.ts'
import type { Fault } from './fault.ts'
import { cutAfter, cutBefore, delay } from './network.ts'
import { sigkill, sigstop, sigterm } from './processes.ts'
import { cleaned, drained, duplicate, failed, obliterated, paused, removed } from './queues.ts'
import { flush, full, restart, standstill, truncation } from './store.ts'

/** Every fault that this machine can have. */
export const FAULTS: readonly Fault[] = [
  sigkill,
  sigterm,
  sigstop,
  cutBefore,
  cutAfter,
  delay,
  restart,
  standstill,
  full,
  truncation,
  flush,
  duplicate,
  removed,
  failed,
  drained,
  cleaned,
  obliterated,
  paused,
  ...(CAN_SET_CLOCKS ? [skew] : []),
  ...(CAN_MOUNT ? [checkpointsFull, spoolFull] : []),
]
