import { corrupt, hasText, need, u8, u32 } from './bytes.js'
import type { AudioDescription } from './description.js'

const COOKIE_BYTES = 24

/** Turns an ALACSpecificConfig (Matroska's CodecPrivate, 24 bytes) into the payload of the `alac` box, version and flags included. */
export function alacToBox(codecPrivate: Uint8Array): Uint8Array {
  const box = new Uint8Array(4 + COOKIE_BYTES)
  box.set(cookieOf(codecPrivate), 4)
  return box
}

/** The cookie itself: bare, behind version and flags, as a whole box, or behind the `frma` box of old QuickTime files. */
function cookieOf(config: Uint8Array): Uint8Array {
  let offset = config.length === COOKIE_BYTES || config.length === COOKIE_BYTES + 24 ? 0 : 4
  if (hasText(config, 4, 'alac')) offset = 12
  if (hasText(config, 4, 'frma')) offset = 24
  need(config, offset, COOKIE_BYTES, 'The ALAC configuration')
  return config.subarray(offset, offset + COOKIE_BYTES)
}

/** What an ALACSpecificConfig says. */
export function describeAlac(config: Uint8Array): AudioDescription {
  const cookie = cookieOf(config)
  const frameSamples = u32(cookie, 0)
  const sampleRate = u32(cookie, 20)
  const channels = u8(cookie, 9)
  const bitDepth = u8(cookie, 5)
  if (sampleRate === 0 || channels === 0) throw corrupt('The ALAC configuration has no sample rate or no channels.')
  if (bitDepth === 0 || bitDepth > 32) throw corrupt(`The ALAC configuration has a bit depth of ${bitDepth}.`)
  return {
    sampleRate,
    channels,
    bitDepth,
    frameSamples: frameSamples || undefined,
    bitrateBps: u32(cookie, 16) || undefined,
  }
}
