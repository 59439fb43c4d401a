/** Holds back the first half of a surrogate pair until the second comes: a piece of text shows no half characters. */
export function wholeCharacters(onText: (text: string) => void): (text: string) => void {
  let half = ''
  return (piece) => {
    const text = half + piece
    const isCut = /[\ud800-\udbff]$/.test(text)
    half = isCut ? text.slice(-1) : ''
    onText((isCut ? text.slice(0, -1) : text).toWellFormed())
  }
}
