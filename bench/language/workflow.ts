/** Steps of the workflow that is read: as large as people write and generate them. */
export const STEPS = 1_000

const WIDTH = 10

/**
 * A workflow as text: layers of ten model calls, tools and functions that read what the layer before wrote, and a router every
 * tenth layer.
 */
export function workflowText(): string {
  const lines = [
    'name: thousand',
    'config: {provider: mock, model: m, max_retries: 1}',
    'state: {topic: tea, score: 0.9}',
    'steps:',
  ]
  for (let index = 0; index < STEPS; index += 1) {
    const layer = Math.floor(index / WIDTH)
    const before = layer === 0 ? null : (layer - 1) * WIDTH + (index % WIDTH)
    const sources = new Set(before === null ? [] : [before, (layer - 1) * WIDTH])
    const dependsOn = [...sources].map((source) => `step_${source}`).join(', ')
    lines.push(`  - id: step_${index}`, `    depends_on: [${dependsOn}]`)
    lines.push(...bodyOf(index, before))
  }
  return `${lines.join('\n')}\n`
}

function bodyOf(index: number, before: number | null): readonly string[] {
  const read = before === null || before % 100 === 0 ? 'state.topic' : `state.out_${before}`
  if (index % 100 === 0)
    return [
      '    type: router',
      '    conditions:',
      `      - {expression: "state.score >= 0.8", target: step_${index + WIDTH}}`,
      `    default: step_${index + WIDTH + 1}`,
    ]
  const output = `    output: out_${index}`
  switch (index % 3) {
    case 0:
      return [
        '    type: llm_call',
        '    system_prompt: You are brief.',
        `    prompt: "Write about {state.topic}, after {${read}}: {state.score:.2f}"`,
        output,
      ]
    case 1:
      return ['    type: tool', '    tool_name: file_read', `    tool_args: {path: "out/{${read}}.txt"}`, output]
    default:
      return ['    type: function', '    handler: work', `    input: {text: ${read}, n: ${index}}`, output]
  }
}
