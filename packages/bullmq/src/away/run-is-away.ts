/** START of a run that has left Redis; whoever starts it brings it back. */
export class RunIsAway extends Error {
  override readonly name = 'RunIsAway'
}
