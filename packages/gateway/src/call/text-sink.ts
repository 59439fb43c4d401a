/** Hands text to the consumer and remembers that it did: after the first piece there is no other candidate. */
export interface TextSink {
  readonly onText: ((text: string) => void) | null
  hasStreamed(): boolean
  firstTokenMs(): number | null
}

export function textSink(consumer: ((text: string) => void) | null, elapsedMs: () => number): TextSink {
  let target = consumer
  let firstTokenMs: number | null = null
  return {
    onText:
      consumer === null
        ? null
        : (text) => {
            if (text === '') return
            firstTokenMs ??= elapsedMs()
            try {
              target?.(text)
            } catch {
              // The answer is worth more than its preview: a consumer that throws gets no more of it.
              target = null
            }
          },
    hasStreamed: () => firstTokenMs !== null,
    firstTokenMs: () => firstTokenMs,
  }
}
