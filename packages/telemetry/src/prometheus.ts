import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { METRICS, prometheusName, type Metric, type MetricName } from './metrics.ts'

/** Label sets of one metric; names of workflows and models may be anything, and each set costs memory in every scrape. */
const KEYS_MAX = 1_024
/** What a label is where a metric has its number of sets. */
const OVERFLOW = 'other'

export type Labels = Readonly<Record<string, string>>

/** The metrics of a process, in the names of {@link METRICS}. */
export interface Metrics {
  /** Adds to a counter. */
  count(name: MetricName, labels?: Labels, by?: number): void
  /** One measurement of a histogram, in its unit. */
  measure(name: MetricName, labels: Labels, value: number): void
  /** Sets a gauge. */
  set(name: MetricName, labels: Labels, value: number): void
  /** Every metric in the text format of Prometheus. */
  text(): Promise<string>
  readonly contentType: string
}

/** @param keysMax label sets of one metric, beyond which all labels of a new one are `other` */
export function createMetrics(keysMax: number = KEYS_MAX): Metrics {
  const registry = new Registry()
  const counters = new Map<MetricName, Counter>()
  const histograms = new Map<MetricName, Histogram>()
  const gauges = new Map<MetricName, Gauge>()
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const metric: Metric = METRICS[name]
    const described = {
      name: prometheusName(name),
      help: name,
      labelNames: metric.labels.map(labelName),
      registers: [registry],
    }
    if (metric.kind === 'counter') counters.set(name, new Counter(described))
    if (metric.kind === 'gauge') gauges.set(name, new Gauge(described))
    if (metric.kind === 'histogram')
      histograms.set(name, new Histogram({ ...described, buckets: [...(metric.buckets ?? [])] }))
  }
  const seen = new Map<MetricName, Set<string>>()
  const bounded = (name: MetricName, labels: Labels): Labels => {
    const sets = seen.get(name) ?? new Set<string>()
    seen.set(name, sets)
    const given = Object.entries(labels).map(([label, value]) => [labelName(label), value] as const)
    const key = given.map(([, value]) => value).join('\n')
    const hasRoom = sets.has(key) || sets.size < keysMax
    if (hasRoom) sets.add(key)
    return Object.fromEntries(hasRoom ? given : given.map(([label]) => [label, OVERFLOW]))
  }
  return {
    count: (name, labels = {}, by = 1) => counters.get(name)?.inc(bounded(name, labels), by),
    measure: (name, labels, value) => histograms.get(name)?.observe(bounded(name, labels), value),
    set: (name, labels, value) => gauges.get(name)?.set(bounded(name, labels), value),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function labelName(label: string): string {
  return label.replaceAll('.', '_')
}
