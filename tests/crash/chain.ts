/** A chain of steps that add one, as YAML: the last state says whether each of them counted once. */
export function chainYaml(options: {
  readonly steps: number
  readonly file: string
  readonly minMs: number
  readonly maxMs: number
}): string {
  const { steps, file, minMs, maxMs } = options
  const lines = Array.from({ length: steps }, (_, index) => {
    const depends = index === 0 ? '' : `, depends_on: [${stepId(index - 1)}]`
    const input = `{file: ${JSON.stringify(file)}, sum: state.sum, minMs: ${minMs}, maxMs: ${maxMs}}`
    return `  - {id: ${stepId(index)}, type: function, handler: leave-line${depends}, input: ${input}, output: sum}`
  })
  return `name: chain\nstate: {sum: 0}\nsteps:\n${lines.join('\n')}\n`
}

export function stepId(index: number): string {
  return `s${String(index).padStart(3, '0')}`
}
