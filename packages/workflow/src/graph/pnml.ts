// A place/transition net (PNML of ISO 15909-2): a step is a transition, a dependency a place between two. A router's
// dependents share one place, so that one of them takes the token. What is skipped has no counterpart: its transition stays
// without its tokens.
import { drawnEdges } from './draw.ts'
import type { Graph } from './graph.ts'
import { EDGES_MAX, idLabel } from './label.ts'

const NET_TYPE = 'http://www.pnml.org/version-2009/grammar/ptnet'
const NAMESPACE = 'http://www.pnml.org/version-2009/grammar/pnml'

export function toPnml(graph: Graph): string {
  const transitions = new Map(graph.nodes.map(({ id }, index) => [id, `t${index}`]))
  const lines: string[] = []
  let places = 0
  let arcs = 0
  const place = (name: string, tokens = 0): string => {
    const id = `p${places++}`
    const marking = tokens === 0 ? '' : `<initialMarking><text>${tokens}</text></initialMarking>`
    lines.push(`<place id="${id}">${named(name)}${marking}</place>`)
    return id
  }
  const arc = (source: string, target: string): void => {
    lines.push(`<arc id="a${arcs++}" source="${source}" target="${target}"/>`)
  }
  for (const [id, transition] of transitions) lines.push(`<transition id="${transition}">${named(id)}</transition>`)
  for (const { id, dependsOnNothing, isEnd } of endsOf(graph)) {
    const transition = transitions.get(id) ?? ''
    if (dependsOnNothing) arc(place(`${id} may start`, 1), transition)
    if (isEnd) arc(transition, place(`${id} is done`))
  }
  const choices = new Map<string, string>()
  const { edges, left } = drawnEdges(graph, {})
  for (const { from, to, choices: asked } of edges) {
    const [source = '', target = ''] = [transitions.get(from), transitions.get(to)]
    if (asked === null) {
      const between = place(`${from} to ${to}`)
      arc(source, between)
      arc(between, target)
    } else if (asked.length === 0) {
      arc(place(`${from} never chooses ${to}`), target)
    } else {
      let shared = choices.get(from)
      if (shared === undefined) {
        choices.set(from, (shared = place(`${from} chooses`)))
        arc(source, shared)
      }
      arc(shared, target)
    }
  }
  if (left > 0) lines.push(`<!-- ${left} edges more than the ${EDGES_MAX} that are drawn -->`)
  const body = lines.map((line) => `      ${line}`).join('\n')
  return `<?xml version="1.0" encoding="UTF-8"?>
<pnml xmlns="${NAMESPACE}">
  <net id="net" type="${NET_TYPE}">
    ${named(graph.name)}
    <page id="page">
${body}
    </page>
  </net>
</pnml>
`
}

function endsOf({ nodes, edges }: Graph): readonly { id: string; dependsOnNothing: boolean; isEnd: boolean }[] {
  const named = edges.filter(({ kind }) => kind === 'depends_on')
  const dependents = new Set(named.map(({ to }) => to))
  const dependencies = new Set(named.map(({ from }) => from))
  return nodes.map(({ id }) => ({ id, dependsOnNothing: !dependents.has(id), isEnd: !dependencies.has(id) }))
}

function named(text: string): string {
  return `<name><text>${escaped(idLabel(text))}</text></name>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
