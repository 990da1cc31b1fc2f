export { rateOfDefaultDuration, timescaleOfRate } from './frame-rate.js'
export { isMatroska } from './head.js'
export { type OpenMatroskaOptions, openMatroska } from './open.js'
export { type ElementInfo, walkElements } from './walk-elements.js'
