/** Environment variables; only own names are looked up, empty ones count as not set. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A copy without a prototype, so that a variable named `toString` is the user's or nobody's. */
export function ownEnvironment(environment: Environment): Environment {
  return Object.assign(Object.create(null) as Record<string, string>, environment)
}
