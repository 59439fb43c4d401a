import { Counter, Gauge, Histogram, Registry, type MetricConfiguration } from 'prom-client'
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

/** A metric under one set of labels. Counters are added up here and handed over at the scrape: each step counts some. */
interface Series {
  readonly labels: Labels
  sum: number
}

interface Family {
  readonly series: Map<string, Series>
  readonly collector: Counter | Gauge | Histogram
}

/** @param keysMax label sets of one metric, beyond which all labels of a new one are `other` */
export function createMetrics(keysMax: number = KEYS_MAX): Metrics {
  const registry = new Registry()
  const families = new Map((Object.keys(METRICS) as MetricName[]).map((name) => [name, familyOf(name, registry)]))
  const familyNamed = (name: MetricName): Family => families.get(name) ?? familyOf(name, registry)
  return {
    count(name, labels = {}, by = 1) {
      seriesOf(familyNamed(name), labels, keysMax).sum += by
    },
    measure(name, labels, value) {
      const family = familyNamed(name)
      if (family.collector instanceof Histogram)
        family.collector.observe(seriesOf(family, labels, keysMax).labels, value)
    },
    set(name, labels, value) {
      const family = familyNamed(name)
      if (family.collector instanceof Gauge) family.collector.set(seriesOf(family, labels, keysMax).labels, value)
    },
    text() {
      for (const family of families.values()) handOver(family)
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}

function familyOf(name: MetricName, registry: Registry): Family {
  const metric: Metric = METRICS[name]
  const described: MetricConfiguration<string> = {
    name: prometheusName(name),
    help: name,
    labelNames: metric.labels.map(labelName),
    registers: [registry],
  }
  return { series: new Map(), collector: collectorOf(metric, described) }
}

function collectorOf({ kind, buckets = [] }: Metric, described: MetricConfiguration<string>): Family['collector'] {
  switch (kind) {
    case 'counter':
      return new Counter(described)
    case 'gauge':
      return new Gauge(described)
    case 'histogram':
      return new Histogram({ ...described, buckets: [...buckets] })
    default:
      return kind satisfies never
  }
}

function seriesOf({ series }: Family, labels: Labels, keysMax: number): Series {
  let key = ''
  for (const label in labels) key += `${labels[label]}\n`
  const found = series.get(key)
  if (found !== undefined) return found
  const isFull = series.size >= keysMax
  const overflow = isFull ? series.get(OVERFLOW) : undefined
  if (overflow !== undefined) return overflow
  const named = Object.entries(labels).map(([label, value]) => [labelName(label), isFull ? OVERFLOW : value])
  const made: Series = { labels: Object.fromEntries(named), sum: 0 }
  series.set(isFull ? OVERFLOW : key, made)
  return made
}

function handOver({ series, collector }: Family): void {
  if (!(collector instanceof Counter)) return
  collector.reset()
  for (const { labels, sum } of series.values()) collector.inc(labels, sum)
}

function labelName(label: string): string {
  return label.replaceAll('.', '_')
}
