import type { HdrMetadata } from '@cuemux/core'

const PREFIX_SEI = 39
const MASTERING_DISPLAY = 137
const LIGHT_LEVEL = 144

/**
 * HDR records of the SEI messages in an access unit of HEVC (ISO/IEC 23008-2 §D.2.28, §D.2.35), whose payloads are those
 * of `mdcv` and `clli`.
 */
export function hdrOfUnits(units: readonly Uint8Array[]): HdrMetadata {
  let hdr: HdrMetadata = {}
  for (const unit of units) {
    if (unit[0]! >> 1 !== PREFIX_SEI) continue
    const sei = withoutEmulation(unit)
    for (let at = 2; at + 2 < sei.length; ) {
      let type = 0
      while (sei[at] === 255) type += sei[at++]!
      type += sei[at++] ?? 0
      let size = 0
      while (sei[at] === 255) size += sei[at++]!
      size += sei[at++] ?? 0
      const payload = sei.slice(at, at + size)
      if (type === MASTERING_DISPLAY && payload.length === 24) hdr = { ...hdr, mdcv: payload }
      if (type === LIGHT_LEVEL && payload.length === 4) hdr = { ...hdr, clli: payload }
      at += size
    }
  }
  return hdr
}

/** ISO/IEC 23008-2 §7.4.2: `00 00 03` stands for `00 00`. */
function withoutEmulation(unit: Uint8Array): Uint8Array {
  const out: number[] = []
  let zeros = 0
  for (const byte of unit) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    out.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return Uint8Array.from(out)
}
