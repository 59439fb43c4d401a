/**
 * An upper bound of how many steps can run at once: the number of chains that cover the graph. Steps of a chain wait for
 * each other, so each chain runs one at most. Found greedily; the smallest cover would be exact, and dear.
 */
export function widthBoundOf(sourcesByRank: readonly (readonly number[])[]): number {
  const isChainEnd = new Uint8Array(sourcesByRank.length)
  let chainCount = 0
  for (const [rank, sources] of sourcesByRank.entries()) {
    // The latest source leaves earlier ends to others.
    const end = sources.findLast((source) => isChainEnd[source] === 1)
    if (end === undefined) chainCount++
    else isChainEnd[end] = 0
    isChainEnd[rank] = 1
  }
  return chainCount
}
