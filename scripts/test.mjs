// `npm test`: set-up, a Redis to be had, then every check (scripts/verify.ts).
import { join } from 'node:path'
import { ensureRedis, ROOT, setUp } from './setup.mjs'
import { runMain } from './setup/error.mjs'
import { runNode } from './setup/run-node.mjs'

await runMain(async () => {
  const node = await setUp()
  ensureRedis()
  await runNode(node, [join(ROOT, 'scripts', 'verify.ts'), ...process.argv.slice(2)], { cwd: ROOT })
})
