import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Bytes of a sample film. */
export function sampleBytes(extension: 'mkv' | 'mp4'): Buffer {
  return readFileSync(fileURLToPath(new URL(`../../sample/cuemux-sample.${extension}`, import.meta.url)))
}

/** Repeatable noise (Park and Miller's generator). */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (state * 48_271) % 2_147_483_647
    bytes[i] = state >> 8
  }
  return bytes
}

/** An EBML element; the size takes eight bytes and may lie. */
function element(id: string, payload: Buffer, size: number = payload.length): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(0x01_00_00_00_00_00_00_00n + BigInt(size))
  return Buffer.concat([Buffer.from(id, 'hex'), length, payload])
}

/** An ISO BMFF box; the size may lie. */
function box(type: string, payload: Buffer, size: number = payload.length + 8): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(size)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, payload])
}

const ebmlHead = element('1a45dfa3', element('4282', Buffer.from('matroska')))
const ftyp = box('ftyp', Buffer.from('isom\0\0\0\0isommp41', 'latin1'))

function nested(wrap: (inner: Buffer) => Buffer, depth: number): Buffer {
  let inner: Buffer = Buffer.alloc(0)
  for (let i = 0; i < depth; i++) inner = wrap(inner)
  return inner
}

/** Replaces the payload field of the first box of a type, found by its characters. */
function patchBox(film: Buffer, type: string, change: (payload: Buffer) => void): Buffer {
  const copy = Buffer.from(film)
  const at = copy.indexOf(type, copy.indexOf('moov'), 'latin1')
  if (at < 0) throw new Error(`no ${type}`)
  change(copy.subarray(at + 4))
  return copy
}

/** All tables of the first track agree on four billion samples of one byte, and take no more bytes than before. */
function billionsOfSamples(movie: Buffer): Buffer {
  const sizes = patchBox(movie, 'stsz', payload => {
    payload.writeUInt32BE(1, 4)
    payload.writeUInt32BE(0xffffffff, 8)
  })
  const times = patchBox(sizes, 'stts', payload => {
    payload.writeUInt32BE(1, 4)
    payload.writeUInt32BE(0xffffffff, 8)
    payload.writeUInt32BE(1, 12)
  })
  return patchBox(times, 'stsc', payload => {
    payload.writeUInt32BE(1, 4)
    payload.writeUInt32BE(1, 8)
    payload.writeUInt32BE(0xffffffff, 12)
  })
}

/** The film with every CueClusterPosition (f1) beyond its end. */
function cuesOutside(film: Buffer): Buffer {
  const copy = Buffer.from(film)
  const cues = copy.lastIndexOf(Buffer.from('1c53bb6b', 'hex'))
  for (let at = cues; at < copy.length - 8; at++) {
    if (copy[at] !== 0xf1) continue
    const width = (copy[at + 1] ?? 0) & 0x7f
    if (width >= 1 && width <= 4) copy.fill(0xff, at + 2, at + 2 + width)
  }
  return copy
}

/** What no film is: each must end in one clear error. */
export function hopelessInputs(): Record<string, Buffer> {
  return {
    'empty.mkv': Buffer.alloc(0),
    'one-byte.mkv': Buffer.from([0x1a]),
    'zeros.mp4': Buffer.alloc(1 << 20),
    'noise.mkv': noise(1 << 20, 7),
    'text.mkv': Buffer.from('This is a text, not a film.\n'.repeat(1000)),
    'head-only.mkv': ebmlHead,
    'huge-segment.mkv': Buffer.concat([ebmlHead, element('18538067', Buffer.alloc(100), 2 ** 52)]),
    'huge-tracks.mkv': Buffer.concat([
      ebmlHead,
      element('18538067', element('1654ae6b', noise(200, 3), 2 ** 40), 2 ** 41),
    ]),
    'deep.mkv': Buffer.concat([
      ebmlHead,
      element(
        '18538067',
        nested(inner => element('1254c367', inner), 20_000),
      ),
    ]),
    'ftyp-only.mp4': ftyp,
    'huge-moov.mp4': Buffer.concat([ftyp, box('moov', noise(500, 5), 0xfffffff0)]),
    'deep.mp4': Buffer.concat([ftyp, nested(inner => box('moov', inner), 20_000)]),
    'zero-size-boxes.mp4': Buffer.concat([ftyp, Buffer.alloc(4096)]),
  }
}

/** What may be read in part: a presentation, or one clear error. */
export function damagedInputs(): Record<string, Buffer> {
  const [matroska, movie] = [sampleBytes('mkv'), sampleBytes('mp4')]
  const damaged: Record<string, Buffer> = {
    'cues-outside.mkv': cuesOutside(matroska),
    // A film of which the file has the first second: it ends where the file does.
    'billions-of-samples.mp4': billionsOfSamples(movie),
    // One table of the first track says more than the others do.
    'too-many-sizes.mp4': patchBox(movie, 'stsz', payload => {
      payload.writeUInt32BE(1, 4)
      payload.writeUInt32BE(0xffffffff, 8)
    }),
    'too-many-runs.mp4': patchBox(movie, 'stts', payload => payload.writeUInt32BE(0xffffffff, 4)),
    'too-long-a-run.mp4': patchBox(movie, 'stts', payload => payload.writeUInt32BE(0xfffffff0, 8)),
    'too-many-chunks.mp4': patchBox(movie, 'stco', payload => payload.writeUInt32BE(0xffffffff, 4)),
  }
  for (let i = 1; i <= 40; i++) {
    // Close together in the head, wider in the media.
    const keep = Math.floor(matroska.length * (i / 41) ** 4)
    damaged[`cut-at-${keep}.mkv`] = matroska.subarray(0, keep)
  }
  const moov = movie.lastIndexOf('moov') - 4
  const moovFirst = moveMoovFirst(movie, moov)
  for (let i = 1; i <= 20; i++) {
    const keep = Math.floor(moovFirst.length * (i / 21) ** 3)
    damaged[`cut-at-${keep}.mp4`] = moovFirst.subarray(0, keep)
  }
  for (let i = 1; i <= 10; i++) {
    const keep = moov + Math.floor(((movie.length - moov) * i) / 11)
    damaged[`moov-cut-at-${keep}.mp4`] = movie.subarray(0, keep)
  }
  return damaged
}

/** The movie with its moov before its mdat; chunk offsets are off by its length, which a reader can't know. */
function moveMoovFirst(movie: Buffer, moov: number): Buffer {
  const firstBoxEnd = movie.readUInt32BE(0)
  return Buffer.concat([movie.subarray(0, firstBoxEnd), movie.subarray(moov), movie.subarray(firstBoxEnd, moov)])
}

/** The film with a few bytes of its index changed, the same ones for the same seed. */
export function flipped(film: Buffer, from: number, to: number, seed: number): Buffer {
  const copy = Buffer.from(film)
  const random = noise(64, seed + 1)
  for (let i = 0; i < 4; i++) {
    const at = from + (random.readUInt32BE(i * 8) % (to - from))
    copy[at] = random[i * 8 + 7] ?? 0
  }
  return copy
}
