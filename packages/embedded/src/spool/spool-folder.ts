import { createHash } from 'node:crypto'
import { join } from 'node:path'

/**
 * Where the workers of a place keep their spools below their home: one folder for each Redis and prefix, for what one has lost
 * must not be told another.
 */
export function spoolFolder(
  home: string,
  { redis, prefix }: { readonly redis: string; readonly prefix: string },
): string {
  const place = createHash('sha256')
    .update(redis.replace(/\/\/[^@/]*@/, '//'))
    .digest('hex')
    .slice(0, 12)
  return join(home, 'spool', `${prefix}-${place}`)
}
