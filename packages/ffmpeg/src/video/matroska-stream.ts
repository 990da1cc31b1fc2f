import { CuemuxError, concatBytes } from '@cuemux/core'

/** A frame as ffmpeg's Matroska muxer wrote it. */
export interface StreamFrame {
  /** Number of its track. */
  readonly track: number
  /** Presentation time, ms on ffmpeg's clock. */
  readonly timeMs: number
  readonly isKey: boolean
  readonly data: Uint8Array
}

/** A track as ffmpeg's Matroska muxer described it. */
export interface StreamTrack {
  readonly number: number
  readonly kind: 'video' | 'audio' | 'other'
  /** CodecID, as `V_MPEG4/ISO/AVC`. */
  readonly codecId: string
  readonly codecPrivate: Uint8Array
  /** DefaultDuration, ns; 0 where the rate is variable. */
  readonly frameDurationNs: number
  /** Pixels; 0 for sound. */
  readonly width: number
  readonly height: number
}

/** What a {@link MatroskaStream} tells. */
export interface StreamEvents {
  /** The decoder's configuration, before the first frame; of each track that has one. */
  readonly onConfig?: (codecPrivate: Uint8Array) => void
  /** All tracks, before the first frame. */
  readonly onTracks?: (tracks: readonly StreamTrack[]) => void
  readonly onFrame: (frame: StreamFrame) => void
}

/** Masters whose children are read one after the other; all other elements are read whole. */
const ENTERED: ReadonlySet<number> = new Set([0x18538067, 0x1f43b675, 0x1654ae6b, 0xae, 0xe0, 0xa0])
const EBML = 0x1a45dfa3
const CLUSTER = 0x1f43b675
const TRACK_ENTRY = 0xae
const CODEC_PRIVATE = 0x63a2
const CLUSTER_TIMESTAMP = 0xe7
const SIMPLE_BLOCK = 0xa3
const BLOCK = 0xa1
const REFERENCE_BLOCK = 0xfb
/** No picture that we ask for is larger. */
const MAX_ELEMENT_BYTES = 64 << 20

type TrackDraft = { -readonly [field in keyof StreamTrack]: StreamTrack[field] }

/** Elements of a TrackEntry (RFC 9559 §5.1.4.1), and of the Video in it. */
const TRACK_FIELDS: Readonly<Record<number, (track: TrackDraft, payload: Uint8Array) => void>> = {
  215: (track, payload) => void (track.number = readUint(payload, 0, payload.length)),
  131: (track, payload) => void (track.kind = payload[0] === 1 ? 'video' : payload[0] === 2 ? 'audio' : 'other'),
  134: (track, payload) => void (track.codecId = new TextDecoder().decode(payload)),
  25506: (track, payload) => void (track.codecPrivate = payload.slice()),
  2352003: (track, payload) => void (track.frameDurationNs = readUint(payload, 0, payload.length)),
  176: (track, payload) => void (track.width = readUint(payload, 0, payload.length)),
  186: (track, payload) => void (track.height = readUint(payload, 0, payload.length)),
}

function newTrack(): TrackDraft {
  const sizes = { width: 0, height: 0, frameDurationNs: 0 }
  return { number: 0, kind: 'other', codecId: '', codecPrivate: new Uint8Array(0), ...sizes }
}

/**
 * Takes the Matroska stream of a running ffmpeg apart as it comes: no lacing, times in ms. Every master
 * on the way to a block is walked into, so that known and unknown sizes need no different care.
 */
export class MatroskaStream {
  readonly #events: StreamEvents
  #pieces: Uint8Array[] = []
  #length = 0
  /** Bytes that are needed before anything can go on. */
  #needed = 1
  #isStarted = false
  #clusterMs = 0
  /** The last block of a group, until it is known whether it refers to another. */
  #groupBlock: Uint8Array | undefined
  #tracks: TrackDraft[] = []
  #hasTracks = false

  constructor(events: StreamEvents) {
    this.#events = events
  }

  /**
   * Takes a piece of the stream.
   *
   * @throws CuemuxError `ENCODER_FAILED` where the bytes are no such stream
   */
  push(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.#length += piece.length
    if (this.#length < this.#needed) return
    const bytes = this.#pieces.length === 1 ? piece : concatBytes(this.#pieces)
    let at = 0
    for (let used = 1; used > 0; at += used) used = this.#element(bytes, at)
    const rest = bytes.subarray(at)
    this.#pieces = rest.length > 0 ? [rest] : []
    this.#length = rest.length
  }

  /**
   * The stream has ended: what waited for a next element is complete.
   *
   * @throws CuemuxError `ENCODER_FAILED` where it ends within an element
   */
  end(): void {
    if (this.#length > 0) throw broken()
    this.#flushGroup(true)
  }

  /** Reads the element at a place; the bytes it took, 0 where it isn't whole. */
  #element(bytes: Uint8Array, at: number): number {
    const left = bytes.length - at
    if (left === 0) return this.#wait(1)
    const idLength = Math.clz32(bytes[at] ?? 0) - 23
    const sizeFirst = bytes[at + idLength]
    if (idLength > 4) throw broken()
    if (sizeFirst === undefined) return this.#wait(12)
    const sizeLength = Math.clz32(sizeFirst) - 23
    if (sizeLength > 8) throw broken()
    const header = idLength + sizeLength
    if (left < header) return this.#wait(header)
    const id = readUint(bytes, at, idLength)
    if (!this.#isStarted && id !== EBML) throw broken()
    this.#isStarted = true
    if (ENTERED.has(id)) {
      if (id !== 0xa0) this.#flushGroup(true)
      if (id === TRACK_ENTRY) this.#tracks.push(newTrack())
      else if (id === CLUSTER && !this.#hasTracks) this.#tellTracks()
      return header
    }
    const size = readSize(bytes, at + idLength, sizeLength)
    if (size > MAX_ELEMENT_BYTES) throw broken()
    if (left < header + size) return this.#wait(header + size)
    this.#take(id, bytes.subarray(at + header, at + header + size))
    return header + size
  }

  #wait(bytes: number): 0 {
    this.#needed = bytes
    return 0
  }

  #tellTracks(): void {
    this.#hasTracks = true
    this.#events.onTracks?.(this.#tracks)
  }

  #take(id: number, payload: Uint8Array): void {
    const track = this.#hasTracks ? undefined : this.#tracks.at(-1)
    if (track !== undefined) TRACK_FIELDS[id]?.(track, payload)
    if (id === REFERENCE_BLOCK) this.#flushGroup(false)
    else if (id === CODEC_PRIVATE) this.#events.onConfig?.(payload.slice())
    else if (id === CLUSTER_TIMESTAMP) this.#clusterMs = readUint(payload, 0, payload.length)
    else if (id === SIMPLE_BLOCK) this.#frame(payload, ((payload[3] ?? 0) & 0x80) !== 0)
    else if (id === BLOCK) {
      this.#flushGroup(true)
      this.#groupBlock = payload
    }
  }

  #flushGroup(isKey: boolean): void {
    const block = this.#groupBlock
    this.#groupBlock = undefined
    if (block !== undefined) this.#frame(block, isKey)
  }

  #frame(block: Uint8Array, isKey: boolean): void {
    // Tracks are numbered from 1; more than 126 would need a second byte.
    const track = (block[0] ?? 0) & 0x7f
    if (block.length < 5 || block[0] === track || track === 0) throw broken()
    const relative = (((block[1] ?? 0) << 24) >> 16) | (block[2] ?? 0)
    // A copy: the view would hold on to what was read with it.
    this.#events.onFrame({ track, timeMs: this.#clusterMs + relative, isKey, data: block.slice(4) })
  }
}

function readUint(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let i = at; i < at + length; i++) value = value * 256 + (bytes[i] ?? 0)
  return value
}

/** A size without the bit that marks its length; eight bytes with it are more than a number holds. */
function readSize(bytes: Uint8Array, at: number, length: number): number {
  const first = (bytes[at] ?? 0) & ((0x80 >> (length - 1)) - 1)
  return first * 256 ** (length - 1) + readUint(bytes, at + 1, length - 1)
}

function broken(): CuemuxError {
  return new CuemuxError('ENCODER_FAILED', 'ffmpeg wrote something that is no Matroska stream of pictures and sound.')
}
