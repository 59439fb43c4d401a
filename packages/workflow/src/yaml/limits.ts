/** Levels of lists and mappings; the composer of the library recurses and overflows at about 800. */
export const DEPTH_MAX = 100
/** Aliases resolved, those inside of aliased values counted again each time: what stops a bomb. */
export const ALIASES_MAX = 100
/** Keys of one mapping. */
export const KEYS_MAX = 10_000
/** Characters of all values with aliases written out: a few aliases of a large value are a bomb too. */
export const EXPANDED_CHARS_MAX = 4_194_304
/** Characters of a text: as many as its values may have. Files are held to 1 MiB before they are read. */
export const TEXT_CHARS_MAX = 4_194_304
