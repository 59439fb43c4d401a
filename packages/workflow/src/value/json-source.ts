// Node 24 has both (TC39 "JSON.parse source text access"); TypeScript's library does not name them yet.
declare global {
  interface JSON {
    rawJSON(text: string): unknown
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown
  }
}
export {}
