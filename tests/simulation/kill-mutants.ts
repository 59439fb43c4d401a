import { mutants } from './mutants.ts'
import { runOnThreads } from './pool.ts'

/** Within so many seeds each mutant must be found. */
const SEEDS_MAX = 10_000

const MESSAGE_SHOWN = 70

/** Lets the simulator loose on each mutant, and prints who was found, when, and by which invariant. */
export async function killMutants(names: readonly string[], threads: number): Promise<number> {
  const chosen = names.length === 0 ? mutants : mutants.filter(({ name }) => names.includes(name))
  const width = Math.max(...chosen.map(({ name }) => name.length))
  let survivors = 0
  for (const { name } of chosen) {
    const { failures, seeds } = await runOnThreads(
      { from: 1, seeds: SEEDS_MAX },
      { threads, mutant: name, isUntilFailure: true },
    )
    const first = failures.toSorted((a, b) => a.seed - b.seed)[0]
    if (first === undefined) survivors += 1
    const found =
      first === undefined
        ? `survives ${seeds} seeds`
        : `seed ${String(first.seed).padStart(5)}  ${first.invariant.padEnd(10)}  ${first.message.slice(0, MESSAGE_SHOWN)}`
    console.log(`${name.padEnd(width)}  ${found}`)
  }
  console.log(`${chosen.length} mutants, ${chosen.length - survivors} killed, ${survivors} not`)
  return survivors === 0 ? 0 : 1
}
