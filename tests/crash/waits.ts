/** A run with a child run that works, waits for a human and then for a signal, and works on. */
export function waitingYaml(file: string): string {
  const work = (id: string, after: string, ms: number): string =>
    `{id: ${id}, type: function, handler: leave-line, depends_on: [${after}], input: {file: ${JSON.stringify(file)}, sum: 0, minMs: ${ms}, maxMs: ${ms}}}`
  return `name: waits
steps:
  - ${work('before', '', 1)}
  - id: sub
    type: subworkflow
    depends_on: [before]
    workflow_inline:
      name: child
      steps:
        - ${work('one', '', 1)}
        - ${work('slow', 'one', 1_500)}
        - {id: gate, type: approval_gate, depends_on: [slow], output: verdict}
        - ${work('two', 'gate', 1)}
        - {id: parcel, type: wait_for, signal: delivered, depends_on: [two], output: parcel}
        - ${work('three', 'parcel', 1)}
    return_keys: [verdict, parcel]
    output: child
  - ${work('after', 'sub', 1)}
`
}
