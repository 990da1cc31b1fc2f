/** A program of the PAT: its number and the PID of its PMT. */
export interface ProgramEntry {
  readonly number: number
  readonly pid: number
}

/** A descriptor (ISO/IEC 13818-1 §2.6): its tag and its payload. */
export interface Descriptor {
  readonly tag: number
  readonly data: Uint8Array
}

/** An elementary stream of a PMT. */
export interface StreamEntry {
  readonly streamType: number
  readonly pid: number
  readonly descriptors: readonly Descriptor[]
}

/** A program map (§2.4.4.8). */
export interface ProgramMap {
  readonly program: number
  readonly version: number
  readonly descriptors: readonly Descriptor[]
  readonly streams: readonly StreamEntry[]
}

const PAT_TABLE = 0
const PMT_TABLE = 2
const CRC_BYTES = 4
const MAX_STREAMS = 256

/** The programs of a PAT section (§2.4.4.3); `undefined` for another table or one that isn't valid yet. */
export function parsePat(section: Uint8Array): ProgramEntry[] | undefined {
  if (section.length < 12 || section[0] !== PAT_TABLE || !isCurrent(section)) return undefined
  const programs: ProgramEntry[] = []
  for (let at = 8; at + 4 <= section.length - CRC_BYTES; at += 4) {
    const number = u16(section, at)
    // Program 0 names the network information table.
    if (number !== 0) programs.push({ number, pid: u16(section, at + 2) & 0x1fff })
  }
  return programs
}

/** The streams of a PMT section; `undefined` for another table or one that isn't valid yet. */
export function parsePmt(section: Uint8Array): ProgramMap | undefined {
  if (section.length < 16 || section[0] !== PMT_TABLE || !isCurrent(section)) return undefined
  const end = section.length - CRC_BYTES
  const programEnd = Math.min(end, 12 + (u16(section, 10) & 0xfff))
  const streams: StreamEntry[] = []
  for (let at = programEnd; at + 5 <= end && streams.length < MAX_STREAMS; ) {
    const infoEnd = Math.min(end, at + 5 + (u16(section, at + 3) & 0xfff))
    const descriptors = parseDescriptors(section.subarray(at + 5, infoEnd))
    streams.push({ streamType: section[at]!, pid: u16(section, at + 1) & 0x1fff, descriptors })
    at = infoEnd
  }
  return {
    program: u16(section, 3),
    version: (section[5]! >> 1) & 31,
    descriptors: parseDescriptors(section.subarray(12, programEnd)),
    streams,
  }
}

function parseDescriptors(bytes: Uint8Array): Descriptor[] {
  const descriptors: Descriptor[] = []
  for (let at = 0; at + 2 <= bytes.length; ) {
    const end = at + 2 + bytes[at + 1]!
    if (end > bytes.length) break
    descriptors.push({ tag: bytes[at]!, data: bytes.subarray(at + 2, end) })
    at = end
  }
  return descriptors
}

/** current_next_indicator. */
function isCurrent(section: Uint8Array): boolean {
  return (section[5]! & 1) === 1
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}
