/** Steps of one plan; a run keeps a counter for each. */
export const NODES_MAX = 100_000
/** Edges of one plan, some 50 bytes each in every worker that holds it. */
export const EDGES_MAX = 1_000_000
/** Characters of a step id: it is part of keys, file names and metrics. */
export const ID_CHARS_MAX = 128
/** Highest list index in an output path; lists do not grow by writing. */
export const INDEX_MAX = 1_000_000
/** Steps looked at to tell whether two writers of one key are ordered. Beyond it the check ends with a warning. */
export const ORDER_CHECKS_MAX = 5_000_000
/** Sub-workflows inside each other; each level of a run waits for the one below. */
export const CHILD_LEVELS_MAX = 16
