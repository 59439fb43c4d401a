import type { LoadKind } from '../loads/load.ts'
import type { Measured } from '../measure/measure-all.ts'

/**
 * On one CPU, client and Redis never wait for anything but each other, so together they use all of it: 1.00 was measured of
 * each such row on a quiet machine, 0.6 beside another program on that CPU. Below this somebody else had a part of it, and what
 * was measured is not what the load can do. A baseline that is slowed alone makes a missed target look met.
 */
const SHARE_MIN = 0.9

/** Where another program took part of the one CPU, in words. The row that waits for the disk cannot tell, and is left out. */
export function disturbances(loads: readonly LoadKind[], { chains }: Measured): string[] {
  return loads
    .filter(({ store }) => store === 'redis')
    .flatMap(({ key }) =>
      (chains.get(key) ?? []).flatMap(({ lone, atOnce }, index) =>
        (
          [
            ['alone', lone.cpuShare],
            ['at once', atOnce.cpuShare],
          ] as const
        )
          .filter(([, share]) => share < SHARE_MIN)
          .map(([phase, share]) => `${key} ${phase}, repeat ${index + 1}: had ${Math.round(share * 100)} % of the CPU`),
      ),
    )
}
