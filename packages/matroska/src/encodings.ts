import { CuemuxError, concatBytes } from '@cuemux/core'
import { forEachChild, readUint } from './ebml.js'
import { Id } from './elements.js'

/** What undoes one ContentEncoding of a track (RFC 9559 §5.1.4.1.31). */
export type ContentEncoding =
  /** Bytes that every frame begins with and that were left out of the blocks. */
  | { readonly kind: 'strip'; readonly prefix: Uint8Array }
  | { readonly kind: 'zlib' }
  | { readonly kind: 'encrypted' }
  /** A compression that Cuemux can't undo: bzlib, lzo. */
  | { readonly kind: 'unknown'; readonly algorithm: number }

/** The encodings of a track in the order in which they are undone, those of CodecPrivate alone left out. */
export interface ContentEncodings {
  readonly frames: readonly ContentEncoding[]
  readonly codecPrivate: readonly ContentEncoding[]
}

const SCOPE_FRAMES = 1
const SCOPE_PRIVATE = 2
const ALGORITHM_ZLIB = 0
const ALGORITHM_STRIP = 3
const MAX_PREFIX_BYTES = 4096

/** Reads a ContentEncodings element's payload. */
export function readContentEncodings(bytes: Uint8Array, start: number, end: number): ContentEncodings {
  const found: { order: number; scope: number; encoding: ContentEncoding }[] = []
  forEachChild(bytes, start, end, (id, from, to) => {
    if (id === Id.ContentEncoding) found.push(readEncoding(bytes, from, to))
  })
  // Decoding starts with the highest order (RFC 9559 §5.1.4.1.31.2).
  found.sort((a, b) => b.order - a.order)
  const ofScope = (scope: number): ContentEncoding[] => found.filter(e => e.scope & scope).map(e => e.encoding)
  return { frames: ofScope(SCOPE_FRAMES), codecPrivate: ofScope(SCOPE_PRIVATE) }
}

function readEncoding(bytes: Uint8Array, start: number, end: number) {
  let order = 0
  let scope = SCOPE_FRAMES
  let type = 0
  let algorithm = ALGORITHM_ZLIB
  let settings: Uint8Array = new Uint8Array(0)
  forEachChild(bytes, start, end, (id, from, to) => {
    if (id === Id.ContentEncodingOrder) order = readUint(bytes, from, to)
    else if (id === Id.ContentEncodingScope) scope = readUint(bytes, from, to)
    else if (id === Id.ContentEncodingType) type = readUint(bytes, from, to)
    else if (id === Id.ContentEncryption) type = 1
    else if (id === Id.ContentCompression) {
      forEachChild(bytes, from, to, (child, childStart, childEnd) => {
        if (child === Id.ContentCompAlgo) algorithm = readUint(bytes, childStart, childEnd)
        else if (child === Id.ContentCompSettings) settings = bytes.slice(childStart, childEnd)
      })
    }
  })
  return { order, scope, encoding: toEncoding(type, algorithm, settings) }
}

function toEncoding(type: number, algorithm: number, settings: Uint8Array): ContentEncoding {
  if (type !== 0) return { kind: 'encrypted' }
  if (algorithm === ALGORITHM_ZLIB) return { kind: 'zlib' }
  if (algorithm !== ALGORITHM_STRIP) return { kind: 'unknown', algorithm }
  if (settings.length > MAX_PREFIX_BYTES) throw new CuemuxError('LIMIT_EXCEEDED', 'A stripped header is too long.')
  return { kind: 'strip', prefix: settings }
}

/** Largest frame that is inflated: more than any codec's frame. */
const MAX_INFLATED_BYTES = 128 * 1024 * 1024

/**
 * Undoes a track's encodings on its frames, in place.
 *
 * @throws CuemuxError `ENCRYPTED`, `UNSUPPORTED_CODEC` for a compression that isn't known, `CORRUPT_MEDIA`
 */
export async function decodeFrames(encodings: readonly ContentEncoding[], frames: Uint8Array[]): Promise<void> {
  for (const encoding of encodings) {
    if (encoding.kind === 'strip') {
      if (encoding.prefix.length === 0) continue
      for (let i = 0; i < frames.length; i++) frames[i] = prepend(encoding.prefix, frames[i]!)
    } else if (encoding.kind === 'zlib') {
      await inflateAll(frames)
    } else if (encoding.kind === 'encrypted') {
      throw new CuemuxError('ENCRYPTED', 'The track is encrypted.')
    } else {
      throw new CuemuxError('UNSUPPORTED_CODEC', `The track is compressed with algorithm ${encoding.algorithm}.`, {
        hint: 'Rewrite the file with mkvmerge --compression -1:none.',
      })
    }
  }
}

/**
 * Undoes compression of what lies beside frames, in place. RFC 9559 §5.1.4.1.31.3 speaks of frames alone, but mkvmerge
 * compresses both: what can't be inflated is not compressed.
 */
export async function decodeAdditions(
  encodings: readonly ContentEncoding[],
  additions: Map<number, Uint8Array>,
): Promise<void> {
  if (!encodings.some(({ kind }) => kind === 'zlib')) return
  for (const [row, addition] of additions) {
    try {
      additions.set(row, await inflate(addition))
    } catch (error) {
      if (error instanceof CuemuxError && error.code === 'LIMIT_EXCEEDED') throw error
    }
  }
}

function prepend(prefix: Uint8Array, frame: Uint8Array): Uint8Array {
  const whole = new Uint8Array(prefix.length + frame.length)
  whole.set(prefix)
  whole.set(frame, prefix.length)
  return whole
}

/** Streams at work at once: enough to hide each one's latency, few enough to bound memory. */
const INFLATE_LANES = 16

async function inflateAll(frames: Uint8Array[]): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < frames.length) {
      const i = next++
      frames[i] = await inflate(frames[i]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(INFLATE_LANES, frames.length) }, lane))
}

async function inflate(frame: Uint8Array): Promise<Uint8Array> {
  // RFC 9559 §5.1.4.1.31.6: algorithm 0 is the zlib format (RFC 1950), which the web's streams call "deflate".
  const stream = new DecompressionStream('deflate')
  const writer = stream.writable.getWriter()
  const written = writer.write(frame as Uint8Array<ArrayBuffer>).then(() => writer.close())
  written.catch(() => undefined)
  const pieces: Uint8Array[] = []
  let total = 0
  try {
    const reader = stream.readable.getReader()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) break
      total += value.length
      if (total > MAX_INFLATED_BYTES) {
        await reader.cancel()
        throw new CuemuxError('LIMIT_EXCEEDED', 'A compressed frame is too large.')
      }
      pieces.push(value)
    }
    await written
  } catch (error) {
    if (error instanceof CuemuxError) throw error
    throw new CuemuxError('CORRUPT_MEDIA', "A compressed frame can't be inflated.", { cause: error })
  }
  return pieces.length === 1 ? pieces[0]! : concatBytes(pieces)
}
