import { IS_SPACE } from './space.ts'

// Characters that are digits or numbers to Python by a property that JavaScript's patterns do not know (Unicode's Numeric_Type):
// superscripts and circled digits; and the ideographs that stand for numbers.
const OTHER_DIGITS =
  '\\u{b2}\\u{b3}\\u{b9}\\u{1369}-\\u{1371}\\u{19da}\\u{2070}\\u{2074}-\\u{2079}\\u{2080}-\\u{2089}\\u{2460}-\\u{2468}\\u{2474}-\\u{247c}' +
  '\\u{2488}-\\u{2490}\\u{24ea}\\u{24f5}-\\u{24fd}\\u{24ff}\\u{2776}-\\u{277e}\\u{2780}-\\u{2788}\\u{278a}-\\u{2792}\\u{10a40}-\\u{10a43}' +
  '\\u{10e60}-\\u{10e68}\\u{11052}-\\u{1105a}\\u{1f100}-\\u{1f10a}'
const NUMERIC_IDEOGRAPHS =
  '㐅㒃㠪㭍一七万三九二五亖亿什仟仨伍佰億兆兩八六十千-卅卌叁-叄四壱壹幺廾廿弌-弎弐拾捌柒漆玖百肆萬貮貳贰阡陆陌陸零' +
  '\\u{f96b}\\u{f973}\\u{f978}\\u{f9b2}\\u{f9d1}\\u{f9d3}\\u{f9fd}\\u{20001}\\u{20064}\\u{200e2}\\u{20121}\\u{2092a}' +
  '\\u{20983}\\u{2098c}\\u{2099c}\\u{20aea}\\u{20afd}\\u{20b19}\\u{22390}\\u{22998}\\u{23b1b}\\u{2626d}\\u{2f890}'

const ALPHA = '\\p{L}'
const DIGIT = `\\p{Nd}${OTHER_DIGITS}`
const NUMERIC = `\\p{N}${NUMERIC_IDEOGRAPHS}`

const CASED = /\p{Cased}/u
const NOT_LOWER = /[\p{Uppercase}\p{Lt}]/u
const NOT_UPPER = /[\p{Lowercase}\p{Lt}]/u

/** Python's `is…` tests of texts: all characters, and at least one. */
export const TEXT_TESTS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['isalpha', every(ALPHA)],
  ['isdecimal', every('\\p{Nd}')],
  ['isdigit', every(DIGIT)],
  ['isnumeric', every(NUMERIC)],
  ['isalnum', every(`${ALPHA}${NUMERIC}`)],
  ['isspace', (text) => IS_SPACE.test(text)],
  ['isascii', (text) => /^[\0-\x7f]*$/.test(text)],
  ['isidentifier', (text) => /^[\p{XIDS}_]\p{XIDC}*$/u.test(text)],
  ['isprintable', (text) => !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(text)],
  ['islower', (text) => !NOT_LOWER.test(text) && CASED.test(text)],
  ['isupper', (text) => !NOT_UPPER.test(text) && CASED.test(text)],
  ['istitle', isTitle],
])

function every(characters: string): (text: string) => boolean {
  const pattern = new RegExp(`^[${characters}]+$`, 'u')
  return (text) => pattern.test(text)
}

/** Upper case begins each run of cased characters, lower case goes on. */
function isTitle(text: string): boolean {
  let wasCased = false
  let isAny = false
  for (const point of text) {
    const isUpper = /[\p{Uppercase}\p{Lt}]/u.test(point)
    const isLower = /\p{Lowercase}/u.test(point)
    if ((isUpper && wasCased) || (isLower && !wasCased)) return false
    wasCased = isUpper || isLower
    isAny ||= wasCased
  }
  return isAny
}
