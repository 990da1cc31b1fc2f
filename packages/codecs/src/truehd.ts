import { u8, u32 } from './bytes.js'
import type { AudioDescription } from './description.js'

/** Speakers of each bit of the 8-channel assignment: L/R, C, LFE, Ls/Rs, Lvh/Rvh, Lc/Rc, Lrs/Rrs, Cs, Ts, Lsd/Rsd, Lw/Rw, Cvh, LFE2. */
const SPEAKERS: readonly number[] = [2, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 1, 1]

/**
 * What the major sync of a TrueHD access unit says (Meridian Lossless Packing, Dolby TrueHD bit stream §3.3): the rate,
 * the samples of an access unit and the channels of the largest presentation. `undefined` for a unit without one.
 */
export function describeTrueHd(unit: Uint8Array): AudioDescription | undefined {
  if (unit.length < 12 || u32(unit, 4) !== 0xf8726fba) return undefined
  const format = u32(unit, 8)
  const rateCode = format >>> 28
  const doubling = rateCode & 7
  if (doubling > 2) return undefined
  const all = format & 0x1fff
  const six = (format >>> 15) & 31
  const assignment = all !== 0 ? all : six
  let channels = 0
  SPEAKERS.forEach((count, bit) => {
    if ((assignment >> bit) & 1) channels += count
  })
  return {
    sampleRate: (u8(unit, 8) & 0x80 ? 44100 : 48000) << doubling,
    channels: channels || undefined,
    frameSamples: 40 << doubling,
  }
}
