export { type DecodeTimes, deriveDecodeTimes } from './decode-times.js'
export { isMatroska } from './head.js'
export { type OpenMatroskaOptions, openMatroska } from './open.js'
export { type ElementInfo, walkElements } from './walk-elements.js'
