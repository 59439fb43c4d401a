/** What a key of the usual vendors looks like, also one that is not ours. */
const KEY_SHAPES = /\b(?:sk|pk|rk|gsk|xai|key)-[A-Za-z0-9_*-]{8,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+\S+/g
/** Shorter secrets would cut ordinary words to pieces. */
const SECRET_CHARACTERS_MIN = 4

/** A vendor's text without keys: neither ours, wherever it is quoted, nor anything that looks like one. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let cleaned = text
  for (const secret of secrets)
    if (secret.length >= SECRET_CHARACTERS_MIN) cleaned = cleaned.replaceAll(secret, '[key]')
  return cleaned.replace(KEY_SHAPES, '[key]')
}
