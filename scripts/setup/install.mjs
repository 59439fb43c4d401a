import { spawn } from 'node:child_process'
import { SetUpError } from './error.mjs'

/** The same as `packageManager` in package.json; a test holds the two together. */
export const PNPM_VERSION = '12.21.0'

/** Ten times what a slow line needs; a hanging registry must not hang for ever. */
const INSTALL_MAX_MS = 15 * 60_000
/** What is kept of the installer's talk, to be shown if it fails. */
const TALK_BYTES_MAX = 64 * 1024
const TALK_LINES_SHOWN = 25

/** A few seconds of trying again, not npm's own minute; what the user has set wins. */
const RETRIES = { npm_config_fetch_retry_mintimeout: '1000', npm_config_fetch_retry_maxtimeout: '5000' }

const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|error sending request|META_FETCH_FAIL|fetch failed/i

/**
 * Installs exactly what the lockfile names, Node 24 among it.
 * @param {string} root
 */
export async function installPackages(root) {
  const { code, talk } = await run(root, 'npx', [
    '-y',
    `pnpm@${PNPM_VERSION}`,
    'install',
    '--frozen-lockfile',
    '--reporter=append-only',
    '--config.confirmModulesPurge=false', // a half-installed node_modules is replaced without asking
  ])
  if (code === 0) return
  const lines = talk.trim().split('\n')
  const unreachable = lines.filter((line) => UNREACHABLE.test(line)).toSorted((a, b) => b.length - a.length)[0] // the longest says most
  if (unreachable !== undefined) {
    throw new SetUpError(
      `The package registry could not be reached, and agentloom's packages come from there:\n  ${unreachable.trim()}\n` +
        'Check the network, the proxy (HTTPS_PROXY) and `npm config get registry`, then run the same command again.',
    )
  }
  const shown = lines.slice(-TALK_LINES_SHOWN).join('\n')
  if (/ENOSPC/.test(talk))
    throw new SetUpError(
      `${shown}\n\nThe disk is full; about 600 MB are needed. Make room, then run the same command again.`,
    )
  throw new SetUpError(
    `${shown}\n\nInstalling agentloom's packages failed (see above). If node_modules looks broken, delete it and run the same command again.`,
  )
}

/**
 * @param {string} cwd
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<{ code: number, talk: string }>}
 */
function run(cwd, command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...RETRIES, ...process.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32', // there npx is npx.cmd; the arguments are all ours
      timeout: INSTALL_MAX_MS,
      killSignal: 'SIGKILL',
    })
    let talk = ''
    const keep = (/** @type {Buffer} */ chunk) => {
      talk = (talk + chunk.toString()).slice(-TALK_BYTES_MAX)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => {
      reject(
        new SetUpError(
          `${command} could not be started (${error.message}). It comes with Node: install Node with npm, then run the same command again.`,
        ),
      )
    })
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') talk += `\nETIMEDOUT: stopped after ${INSTALL_MAX_MS / 60_000} minutes`
      resolve({ code: code ?? 1, talk })
    })
  })
}
