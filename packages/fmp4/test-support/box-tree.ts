/** A reader of boxes that shares nothing with the package: it judges what the package writes. */

const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'dinf', 'stbl', 'mvex', 'moof', 'traf'])
const AUDIO_ENTRIES = new Set(['mp4a', 'Opus', 'fLaC', 'ac-3', 'ec-3', 'alac', 'ipcm', 'fpcm'])
const VIDEO_ENTRIES = new Set(['avc1', 'avc3', 'hvc1', 'hev1', 'av01', 'vp08', 'vp09'])

export interface FoundBox {
  readonly type: string
  readonly start: number
  readonly body: number
  readonly end: number
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const text = (bytes: Uint8Array, start: number, end: number): string =>
  String.fromCharCode(...bytes.subarray(start, end))
export const hex = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')

/** The boxes that lie in a range of bytes; throws where they don't fill it exactly. */
export function boxesIn(bytes: Uint8Array, start = 0, end: number = bytes.length): FoundBox[] {
  const found: FoundBox[] = []
  const view = viewOf(bytes)
  while (start < end) {
    let size = view.getUint32(start)
    let header = 8
    if (size === 1) {
      size = Number(view.getBigUint64(start + 8))
      header = 16
    }
    const type = text(bytes, start + 4, start + 8)
    if (size < header || start + size > end)
      throw new Error(`${type} at ${start} has ${size} bytes, ${end - start} left`)
    found.push({ type, start, body: start + header, end: start + size })
    start += size
  }
  return found
}

/** Fields of the boxes that have fields worth reading, as `name value` pairs in the order of the file. */
type Fields = (view: DataView, at: number, end: number, bytes: Uint8Array) => string

const u32s =
  (...names: string[]): Fields =>
  (view, at) =>
    names.map((name, i) => `${name} ${view.getUint32(at + 4 * i)}`).join(' ')

const matrix = (view: DataView, at: number): string =>
  Array.from({ length: 9 }, (_, i) => view.getInt32(at + 4 * i) / (i % 3 === 2 ? 2 ** 30 : 65536)).join(' ')

const FULL_BOXES: Record<string, Fields> = {
  mvhd: (v, at) =>
    `${u32s('created', 'modified', 'timescale', 'duration')(v, at, 0, new Uint8Array())} rate ${v.getUint32(at + 16) / 65536} volume ${v.getUint16(at + 20) / 256} matrix ${matrix(v, at + 32)} next ${v.getUint32(at + 92)}`,
  tkhd: (v, at) =>
    `${u32s('created', 'modified', 'id', 'reserved', 'duration')(v, at, 0, new Uint8Array())} layer ${v.getInt16(at + 28)} group ${v.getInt16(at + 30)} volume ${v.getUint16(at + 32) / 256} matrix ${matrix(v, at + 36)} size ${v.getUint32(at + 72) / 65536}x${v.getUint32(at + 76) / 65536}`,
  mdhd: (v, at) => {
    const packed = v.getUint16(at + 16)
    const language = String.fromCharCode(...[10, 5, 0].map(shift => ((packed >> shift) & 31) + 0x60))
    return `${u32s('created', 'modified', 'timescale', 'duration')(v, at, 0, new Uint8Array())} language ${language}`
  },
  hdlr: (_v, at, end, b) =>
    `${text(b, at + 4, at + 8)} '${new TextDecoder().decode(b.subarray(at + 20, end - 1))}' ${b[end - 1]}`,
  elng: (_v, at, end, b) => `'${text(b, at, end - 1)}' ${b[end - 1]}`,
  vmhd: (v, at) =>
    `mode ${v.getUint16(at)} colour ${v.getUint16(at + 2)} ${v.getUint16(at + 4)} ${v.getUint16(at + 6)}`,
  smhd: (v, at) => `balance ${v.getInt16(at)} reserved ${v.getUint16(at + 2)}`,
  'url ': (_v, at, end) => `${end - at} bytes`,
  stts: u32s('entries'),
  stsc: u32s('entries'),
  stsz: u32s('size', 'count'),
  stco: u32s('entries'),
  mehd: u32s('duration'),
  trex: u32s('id', 'description', 'duration', 'size', 'flags'),
  mfhd: u32s('sequence'),
}

/** Boxes as an indented tree, a line each, with every field that the package sets. */
export function describeBoxes(bytes: Uint8Array, start = 0, end: number = bytes.length, indent = ''): string {
  return boxesIn(bytes, start, end)
    .map(box => describeBox(bytes, box, indent))
    .join('')
}

function describeBox(bytes: Uint8Array, { type, body, end }: FoundBox, indent: string): string {
  const view = viewOf(bytes)
  const inner = (from: number): string => describeBoxes(bytes, from, end, `${indent}  `)
  const line = (...parts: string[]): string => `${indent}${[type, ...parts].join(' ').trimEnd()}\n`
  const fullHeader = (): string => `v${bytes[body]} f${view.getUint32(body) & 0xffffff}`
  if (type === 'ftyp') {
    const brands = Array.from({ length: (end - body - 8) / 4 }, (_, i) =>
      text(bytes, body + 8 + 4 * i, body + 12 + 4 * i),
    )
    return line(text(bytes, body, body + 4), String(view.getUint32(body + 4)), ...brands)
  }
  if (CONTAINERS.has(type)) return line() + inner(body)
  if (type === 'stsd' || type === 'dref')
    return line(fullHeader(), `entries ${view.getUint32(body + 4)}`) + inner(body + 8)
  if (VIDEO_ENTRIES.has(type)) return line(videoEntry(bytes, view, body)) + inner(body + 78)
  if (AUDIO_ENTRIES.has(type) && end - body > 36) return line(audioEntry(bytes, view, body)) + inner(body + 28)
  const fields = FULL_BOXES[type]
  if (fields !== undefined) return line(fullHeader(), fields(view, body + 4, end, bytes))
  return line(hex(bytes.subarray(body, end)))
}

function videoEntry(bytes: Uint8Array, view: DataView, at: number): string {
  const zeros =
    hex(bytes.subarray(at, at + 6)) + hex(bytes.subarray(at + 8, at + 24)) + hex(bytes.subarray(at + 36, at + 40))
  return (
    `ref ${view.getUint16(at + 6)} reserved ${Number(`0x${zeros}`)} ${view.getUint16(at + 24)}x${view.getUint16(at + 26)} ` +
    `dpi ${view.getUint32(at + 28) / 65536}x${view.getUint32(at + 32) / 65536} frames ${view.getUint16(at + 40)} ` +
    `name ${Number(`0x${hex(bytes.subarray(at + 42, at + 74))}`)} depth ${view.getUint16(at + 74)} ${view.getInt16(at + 76)}`
  )
}

function audioEntry(bytes: Uint8Array, view: DataView, at: number): string {
  const zeros =
    hex(bytes.subarray(at, at + 6)) + hex(bytes.subarray(at + 8, at + 16)) + hex(bytes.subarray(at + 20, at + 24))
  return (
    `ref ${view.getUint16(at + 6)} reserved ${Number(`0x${zeros}`)} channels ${view.getUint16(at + 16)} ` +
    `bits ${view.getUint16(at + 18)} rate ${view.getUint32(at + 24) / 65536}`
  )
}
