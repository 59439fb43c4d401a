/** As BullMQ wants it: without a limit on retries, which its blocking reads need. */
export function connectionOf(url: string): { host: string; port: number; maxRetriesPerRequest: null } {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null }
}
