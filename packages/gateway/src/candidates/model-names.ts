/** `gpt-*`, `o1*`, `o3*`, `o4*`: OpenAI's chat models by name. Case-sensitive, as the vendor is. */
export function isOpenAIModel(model: string): boolean {
  return /^(?:gpt-|o[134])/.test(model)
}
