// `--json` takes no value but may be given one with `=`. To commander an option with an optional value would also swallow
// the word behind it (`run --json flow.yaml`), so `--json=shape` travels under a name of its own.

export const JSON_AS = '--json-as'

export function withJsonAs(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  return args.map((word, index) => {
    const isOption = end === -1 || index < end
    return isOption && word.startsWith('--json=') ? `${JSON_AS}=${word.slice('--json='.length)}` : word
  })
}
