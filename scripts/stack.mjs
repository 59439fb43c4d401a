// `npm run stack` (or `pnpm stack`): set-up, a Redis to be had, then scripts/stack.ts under Node 24.
import { join } from 'node:path'
import { ensureRedis, ROOT, setUp } from './setup.mjs'
import { NODE_FLAGS } from './setup/command-line.mjs'
import { runMain } from './setup/error.mjs'
import { runNode } from './setup/run-node.mjs'

await runMain(async () => {
  const node = await setUp()
  ensureRedis()
  await runNode(node, [...NODE_FLAGS, join(ROOT, 'scripts', 'stack.ts'), ...process.argv.slice(2)], { cwd: ROOT })
})
