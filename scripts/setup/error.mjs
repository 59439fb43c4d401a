/** Something that set-up needs could not be had. The message is for the user and says what to do. */
export class SetUpError extends Error {
  /** @override */
  name = 'SetUpError'
}

/**
 * Runs a script's main function; a failed set-up becomes its message and exit code 1, with no stack.
 * @param {() => Promise<void>} main
 */
export async function runMain(main) {
  try {
    await main()
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
