import { CuemuxError } from '@cuemux/core'
import { StreamUnits } from '../process/stream-units.js'

/** A frame as ffmpeg's FLV muxer wrote it. */
export interface StreamFrame {
  readonly kind: 'video' | 'audio'
  /** Presentation time, ms on ffmpeg's clock. */
  readonly timeMs: number
  readonly isKey: boolean
  readonly data: Uint8Array
}

/** What a {@link FlvStream} has learnt of its tracks before the first frame. */
export interface StreamTracks {
  /** `avcC` of the picture, and its mean rate; `undefined` without a picture. */
  readonly video: { readonly config: Uint8Array; readonly framesPerSecond: number | undefined } | undefined
  /** AudioSpecificConfig of the sound. */
  readonly audio: { readonly config: Uint8Array } | undefined
}

/** What a {@link FlvStream} tells. */
export interface StreamEvents {
  /** Once, before the first frame. */
  readonly onTracks: (tracks: StreamTracks) => void
  readonly onFrame: (frame: StreamFrame) => void
}

const FILE_HEADER_BYTES = 9
const TAG_HEADER_BYTES = 11
const TRAILER_BYTES = 4
const AUDIO_TAG = 8
const VIDEO_TAG = 9
const SCRIPT_TAG = 18
const AVC = 7
const AAC = 10
/** Frames that may wait for a configuration: sound of ADTS brings its own with its first frame. */
const MAX_EARLY_FRAMES = 2000

/**
 * Takes the FLV stream of a running ffmpeg apart as it comes (Adobe Flash Video File Format 10.1, Annex E): H.264 and AAC,
 * times in ms. Of the containers that a pipe can carry it is the one whose configurations may follow: those of AAC in a
 * transport stream are in its frames only, and Matroska's and MP4's headers are written before the first one.
 */
export class FlvStream {
  readonly #events: StreamEvents
  readonly #units = new StreamUnits(FILE_HEADER_BYTES + TRAILER_BYTES)
  #hasHeader = false
  #framesPerSecond: number | undefined
  /** By kind; empty while it is known to come. */
  #video: Uint8Array | undefined
  #audio: Uint8Array | undefined
  /** Frames that came before all configurations did. */
  #early: StreamFrame[] | undefined = []

  constructor(events: StreamEvents) {
    this.#events = events
  }

  /**
   * Takes a piece of the stream.
   *
   * @throws CuemuxError `ENCODER_FAILED` where the bytes are no such stream
   */
  push(piece: Uint8Array): void {
    this.#units.push(piece, (bytes, at) => this.#next(bytes, at))
  }

  /** Reads the tag at a place; the bytes it took, 0 where it isn't whole. */
  #next(bytes: Uint8Array, at: number): number {
    if (!this.#hasHeader) return this.#header(bytes)
    const left = bytes.length - at
    if (left < TAG_HEADER_BYTES) return this.#units.wait(TAG_HEADER_BYTES)
    const size = uint(bytes, at + 1, 3)
    const whole = TAG_HEADER_BYTES + size + TRAILER_BYTES
    if (left < whole) return this.#units.wait(whole)
    // §E.4.1: the upper eight bits follow the lower ones.
    const dtsMs = uint(bytes, at + 4, 3) + uint(bytes, at + 7, 1) * 0x1000000
    this.#tag(uint(bytes, at, 1), dtsMs, bytes.subarray(at + TAG_HEADER_BYTES, at + TAG_HEADER_BYTES + size))
    return whole
  }

  #header(bytes: Uint8Array): number {
    if (bytes.length < FILE_HEADER_BYTES + TRAILER_BYTES) return this.#units.wait(FILE_HEADER_BYTES + TRAILER_BYTES)
    if (uint(bytes, 0, 4) !== 0x464c5601 || uint(bytes, 5, 4) !== FILE_HEADER_BYTES) throw broken()
    this.#hasHeader = true
    return FILE_HEADER_BYTES + TRAILER_BYTES
  }

  #tag(type: number, dtsMs: number, data: Uint8Array): void {
    if (type === SCRIPT_TAG) this.#framesPerSecond ??= numberOf(data, 'framerate')
    else if (type === VIDEO_TAG) this.#videoTag(dtsMs, data)
    else if (type === AUDIO_TAG) this.#audioTag(dtsMs, data)
    else throw broken()
  }

  #videoTag(dtsMs: number, data: Uint8Array): void {
    if (data.length < 5 || (uint(data, 0, 1) & 15) !== AVC) throw broken()
    const what = uint(data, 1, 1)
    if (what === 0) this.#video = data.slice(5)
    if (what !== 1) return
    const timeMs = dtsMs + ((uint(data, 2, 3) << 8) >> 8)
    this.#frame({ kind: 'video', timeMs, isKey: uint(data, 0, 1) >> 4 === 1, data: data.slice(5) })
  }

  #audioTag(dtsMs: number, data: Uint8Array): void {
    if (data.length < 2 || uint(data, 0, 1) >> 4 !== AAC) throw broken()
    if (uint(data, 1, 1) === 0) this.#audio = data.slice(2)
    else this.#frame({ kind: 'audio', timeMs: dtsMs, isKey: true, data: data.slice(2) })
  }

  /** A copy of the frame's bytes is given on: a view would hold on to what was read with it. */
  #frame(frame: StreamFrame): void {
    const early = this.#early
    if (early === undefined) {
      this.#events.onFrame(frame)
      return
    }
    early.push(frame)
    const [video, audio] = [this.#video, this.#audio]
    if (video?.length === 0 || audio?.length === 0) {
      if (early.length > MAX_EARLY_FRAMES) throw broken()
      return
    }
    this.#early = undefined
    this.#events.onTracks({
      video: video === undefined ? undefined : { config: video, framesPerSecond: this.#framesPerSecond },
      audio: audio === undefined ? undefined : { config: audio },
    })
    for (const one of early) this.#events.onFrame(one)
  }
}

function uint(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let i = at; i < at + length; i++) value = value * 256 + (bytes[i] ?? 0)
  return value
}

/** The number behind a name in `onMetaData` (AMF 0 §2.2, §2.10). */
function numberOf(data: Uint8Array, name: string): number | undefined {
  const at = Buffer.from(data.buffer, data.byteOffset, data.byteLength).indexOf(name, 0, 'latin1')
  const value = at + name.length
  if (at < 0 || data[value] !== 0 || value + 9 > data.length) return undefined
  return new DataView(data.buffer, data.byteOffset + value + 1, 8).getFloat64(0)
}

function broken(): CuemuxError {
  return new CuemuxError('ENCODER_FAILED', 'ffmpeg wrote something that is no FLV stream of H.264 and AAC.')
}
