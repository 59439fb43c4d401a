const TICK_MS = 1_000

/**
 * One line on stderr: with running seconds on a terminal, else once at the start and once at the end.
 * @param {string} title
 */
export function startProgress(title) {
  const startedMs = Date.now()
  const isLive = Boolean(process.stderr.isTTY)
  const seconds = () => `${Math.round((Date.now() - startedMs) / 1_000)} s`
  const draw = () => process.stderr.write(`\r\u001b[2K${title} …… ${seconds()}`)
  if (!isLive) process.stderr.write(`${title} ……\n`)
  else draw()
  const timer = isLive ? setInterval(draw, TICK_MS) : null
  const stop = () => {
    if (timer !== null) clearInterval(timer)
  }
  return {
    done() {
      stop()
      if (isLive) draw()
      process.stderr.write(isLive ? '\n' : `set up in ${seconds()}\n`)
    },
    failed() {
      stop()
      if (isLive) process.stderr.write('\n')
    },
  }
}
