/** Seconds of one timer: 2^31-1 milliseconds, beyond which timers of JavaScript fire at once. */
export const TIMEOUT_SECONDS_MAX = 2_147_483
/** Below a micro-dollar a budget is surely a mistake, and too near to what one token costs. */
export const BUDGET_USD_MIN = 0.000_001
/** What nano-dollars in a safe integer can hold. */
export const BUDGET_USD_MAX = 9_000_000
export const CONCURRENT_STEPS_MAX = 1_024
/** Retries of one step; with waits of a minute this is a week. */
export const RETRIES_MAX = 10_000
/** A power of it must stay a number until `backoff_max` caps it. */
export const BACKOFF_BASE_MAX = 1_000
export const TOOL_ITERATIONS_MAX = 1_000
/** A year and a day: a sleeping step holds nothing, but nobody waits longer on purpose. */
export const WAIT_SECONDS_MAX = 31_708_800
/** Items of one `foreach` at work at once, in one worker. */
export const FOREACH_CONCURRENT_MAX = 256
/** BullMQ's lowest job priority; 0 is the first. */
export const PRIORITY_MAX = 2_097_151
/** Steps at work at once under one concurrency key: more than a fleet has places is no limit. */
export const KEY_STEPS_MAX = 100_000
/** Shares are compared as whole numbers. */
export const KEY_WEIGHT_MAX = 1_000
/** Inputs that a workflow declares. */
export const INPUTS_MAX = 1_000
