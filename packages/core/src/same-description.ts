import type { SampleDescription } from './track.js'

/** Whether two descriptions set up a decoder alike; `undefined` is a track's first, and like nothing else. */
export function isSameDescription(a: SampleDescription | undefined, b: SampleDescription | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || a.width !== b.width || a.height !== b.height) return false
  return a.config.byteLength === b.config.byteLength && a.config.every((byte, i) => byte === b.config[i])
}
