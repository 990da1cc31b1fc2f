import { AC3_CHANNELS, AC3_RATES, parseAc3Frame } from './ac3.js'
import { BitReader } from './bit-reader.js'
import { BitWriter } from './bit-writer.js'
import { corrupt, u16 } from './bytes.js'
import type { AudioDescription } from './description.js'
import { type Eac3Frame, parseEac3Frame } from './eac3-frame.js'

/** An independent substream and what its dependent ones add. */
interface Program {
  readonly frame: Eac3Frame
  dependents: number
  /** chan_loc (ETSI TS 102 366 §F.6.2.13): Lc/Rc in bit 0 … LFE2 in bit 8. */
  locations: number
}

/** Speakers of each bit of chan_loc: Lc/Rc, Lrs/Rrs, Cs, Ts, Lsd/Rsd, Lw/Rw, Lvh/Rvh, Cvh, LFE2. */
const LOCATION_CHANNELS: readonly number[] = [2, 2, 1, 1, 2, 2, 2, 1, 1]
/** Bit of the custom channel map, L in bit 15 (Table E.1.5), for each bit of chan_loc. */
const LOCATION_MAP_BITS: readonly number[] = [10, 9, 8, 7, 6, 5, 4, 3, 1]
const MOST_FRAMES = 64

/**
 * `dec3` from one access unit: all its syncframes, independent and dependent (ETSI TS 102 366 Annex F.6). `JOC` is
 * signalled as ETSI TS 103 420 §C.3.1 says. Throws `CORRUPT_INDEX`.
 */
export function eac3ConfigFromFrame(unit: Uint8Array): { config: Uint8Array; description: AudioDescription } {
  const { programs, bytes, samples, jocComplexity } = readUnit(unit)
  const first = programs[0]
  if (first === undefined) throw corrupt('An E-AC-3 access unit has no independent substream.')
  const bitrateBps = samples > 0 ? Math.round((bytes * 8 * first.frame.sampleRate) / samples) : 0
  const writer = new BitWriter().bits(Math.min(8191, Math.round(bitrateBps / 1000)), 13).bits(programs.length - 1, 3)
  for (const { frame, dependents, locations } of programs) {
    writer.bits(frame.fscod, 2).bits(frame.bsid, 5).bits(0, 2).bits(frame.bsmod, 3)
    writer
      .bits(frame.acmod, 3)
      .bits(frame.lfe ? 1 : 0, 1)
      .bits(0, 3)
      .bits(dependents, 4)
    if (dependents > 0) writer.bits(locations, 9)
    else writer.bits(0, 1)
  }
  if (jocComplexity !== undefined) writer.bits(1, 8).bits(jocComplexity, 8)
  const config = writer.toBytes()
  const description = { ...describeEac3(config), sampleRate: first.frame.sampleRate, frameSamples: samples, bitrateBps }
  return { config, description }
}

interface Unit {
  readonly programs: Program[]
  /** Bytes of all frames and samples of the first program. */
  bytes: number
  samples: number
  jocComplexity: number | undefined
}

function readUnit(data: Uint8Array): Unit {
  const unit: Unit = { programs: [], bytes: 0, samples: 0, jocComplexity: undefined }
  let offset = 0
  for (let count = 0; count < MOST_FRAMES && offset + 6 <= data.length; count++) {
    // What follows the first frame may be padding.
    if (count > 0 && u16(data, offset) !== 0x0b77) break
    const frame = parseFrame(data, offset)
    addFrame(unit, frame)
    unit.bytes += frame.frameBytes
    offset += frame.frameBytes
  }
  return unit
}

/** A syncframe; an independent substream may be plain AC-3 with E-AC-3 dependents (§E.2.8.2). */
function parseFrame(data: Uint8Array, offset: number): Eac3Frame {
  const bsid = (data[offset + 5] ?? 0) >> 3
  if (bsid > 10) return parseEac3Frame(data, offset)
  const frame = parseAc3Frame(data, offset)
  const sampleRate = AC3_RATES[frame.fscod] ?? 0
  const fixed = { streamType: 2, substream: 0, blocks: 6, channelMap: undefined, jocComplexity: undefined }
  return { ...frame, ...fixed, sampleRate }
}

function addFrame(unit: Unit, frame: Eac3Frame): void {
  unit.jocComplexity ??= frame.jocComplexity
  if (frame.streamType !== 1) {
    const first = unit.programs[0]?.frame ?? frame
    if (frame.substream === first.substream) unit.samples += frame.blocks * 256
    const isNew = !unit.programs.some(program => program.frame.substream === frame.substream)
    if (isNew && unit.programs.length < 8) unit.programs.push({ frame, dependents: 0, locations: 0 })
    return
  }
  const program = unit.programs.at(-1)
  if (program === undefined) return
  // A unit of several frames of fewer than six blocks repeats its dependents.
  program.dependents = Math.max(program.dependents, frame.substream + 1)
  const map = frame.channelMap ?? 0
  LOCATION_MAP_BITS.forEach((bit, location) => {
    if ((map >> bit) & 1) program.locations |= 1 << location
  })
}

/** What a `dec3` says; how many blocks a frame has only the frames tell, six as a rule. */
export function describeEac3(config: Uint8Array): AudioDescription {
  const reader = new BitReader(config)
  const bitrateBps = reader.bits(13) * 1000
  const programs = 1 + reader.bits(3)
  let sampleRate: number | undefined
  let channels = 0
  for (let i = 0; i < programs; i++) {
    const fscod = reader.bits(2)
    reader.skip(10)
    let speakers = AC3_CHANNELS[reader.bits(3)] ?? 0
    speakers += reader.bits(1)
    reader.skip(3)
    if (reader.bits(4) > 0) {
      const locations = reader.bits(9)
      LOCATION_CHANNELS.forEach((count, bit) => {
        if ((locations >> bit) & 1) speakers += count
      })
    } else reader.skip(1)
    if (i > 0) continue
    sampleRate = AC3_RATES[fscod]
    channels = speakers
  }
  const hasJoc = reader.left >= 16 && (reader.bits(8) & 1) === 1
  return { sampleRate, channels, frameSamples: 1536, bitrateBps: bitrateBps || undefined, hasJoc }
}
