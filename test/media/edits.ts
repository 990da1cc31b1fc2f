// Changes that no program makes.
import { injectIntoAnnexB } from '../../packages/text/testing/captions-608.js'

const NAME = Buffer.from('536e93', 'hex') // Name, 19 bytes
const SIMPLE_BLOCK = 0xa3
const EMPTY_VOID = Buffer.from('ec80', 'hex')
const [SEGMENT, CLUSTER] = [0x18538067, 0x1f43b675]

/**
 * An MKV whose AC-3 track has its frames' first two bytes, 0B77, taken away (RFC 9559 §5.1.4.1.31.6, header stripping).
 * Nothing else moves: an empty Void follows each shortened block, and the track's name makes room for ContentEncodings.
 */
function stripHeaders(film: Buffer, trackNumber: number): Buffer {
  const out = Buffer.from(film)
  const name = out.indexOf(NAME)
  if (name < 0) throw new Error('the track has no name of 19 bytes')
  // ContentEncodings / ContentEncoding / Type 0 (compression), ContentCompression / Algo 3, Settings 0B77.
  Buffer.from('6d80936240905033810050348942548103425582' + '0b77', 'hex').copy(out, name)
  for (const block of elements(out, 0, out.length)) {
    if (block.id !== SIMPLE_BLOCK) continue
    if ((out[block.body] ?? 0) !== (0x80 | trackNumber)) continue
    const frame = block.body + 4
    if (out.readUInt16BE(frame) !== 0x0b77) throw new Error(`no AC-3 frame at ${frame}`)
    out.copy(out, frame, frame + 2, block.end)
    EMPTY_VOID.copy(out, block.end - 2)
    writeSize(out, block.start + 1, block.body, block.end - 2 - block.body)
  }
  return out
}

/** A film of which nothing says how long its Segment and Clusters are (RFC 8794 §6.2), as a live stream is. */
function forgetSizes(film: Buffer): Buffer {
  const out = Buffer.from(film)
  for (const { id, start, body } of elements(film, 0, film.length)) {
    if (id !== SEGMENT && id !== CLUSTER) continue
    out.fill(0xff, start + 4, body)
    out[start + 4] = 0xff >> (body - start - 5)
  }
  return out
}

/** The first part of a film. */
function cut(film: Buffer, share: number): Buffer {
  return film.subarray(0, Math.floor(film.length * share))
}

/** Captions of the edit `captions`: one every four seconds on CC1, one over a segment's end on CC3. */
export const CAPTIONS = {
  CC1: [1, 5, 9, 13].map(start => ({
    startUs: start * 1e6,
    endUs: (start + 2) * 1e6,
    rows: [`Caption at ${start} s`],
  })),
  CC3: [{ startUs: 5e6, endUs: 7.5e6, rows: ['A <b> & two', 'rows'], row: 2 }],
}

/** A raw H.264 stream of 24 pictures a second, without B-frames, with closed captions in its pictures. */
function captions(stream: Buffer): Buffer {
  return Buffer.from(injectIntoAnnexB(stream, CAPTIONS, 1e6 / 24))
}

/** An MP4 whose hvcC leaves its parameter sets to the samples: what was behind its fixed part is a free box. */
function forgetHevcSets(film: Buffer): Buffer {
  const out = Buffer.from(film)
  const box = out.indexOf('hvcC') - 4
  if (box < 0) throw new Error('there is no hvcC')
  const size = out.readUInt32BE(box)
  const FIXED = 8 + 23
  out.writeUInt32BE(FIXED, box)
  out[box + FIXED - 1] = 0 // numOfArrays
  out.writeUInt32BE(size - FIXED, box + FIXED)
  out.write('free', box + FIXED + 4, 'latin1')
  return out
}

/** Edits by name; each takes the film and a number. */
export const edits: Readonly<Record<string, (film: Buffer, value: number) => Buffer>> = {
  stripHeaders,
  forgetSizes,
  cut,
  captions,
  forgetHevcSets,
}

interface Element {
  readonly id: number
  readonly start: number
  readonly body: number
  readonly end: number
}

/** The Segment, its children, and what is in its Clusters. */
function* elements(bytes: Buffer, from: number, to: number): Generator<Element> {
  for (let at = from; at < to; ) {
    const idBytes = Math.clz32(bytes[at] ?? 0) - 23
    const id = bytes.readUIntBE(at, idBytes)
    const sizeBytes = Math.clz32(bytes[at + idBytes] ?? 0) - 23
    const first = (bytes[at + idBytes] ?? 0) & ((0x80 >> (sizeBytes - 1)) - 1)
    let [size, isKnown] = [first, first !== (0x80 >> (sizeBytes - 1)) - 1]
    for (let i = 1; i < sizeBytes; i++) {
      const byte = bytes[at + idBytes + i] ?? 0
      size = size * 256 + byte
      isKnown ||= byte !== 0xff
    }
    const body = at + idBytes + sizeBytes
    const end = isKnown ? body + size : to
    yield { id, start: at, body, end }
    if (id === SEGMENT || id === CLUSTER) yield* elements(bytes, body, end)
    at = end
  }
}

/** Writes an EBML size in as many bytes as it had. */
function writeSize(bytes: Buffer, from: number, to: number, size: number): void {
  for (let at = to - 1; at >= from; at--) {
    bytes[at] = size & 0xff
    size = Math.floor(size / 256)
  }
  bytes[from] = (bytes[from] ?? 0) | (0x80 >> (to - from - 1))
}
