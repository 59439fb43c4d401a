/** What is not of the plain kind; the library reads such a text. */
export class NotPlain extends Error {}
