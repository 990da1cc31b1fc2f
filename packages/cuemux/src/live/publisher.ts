import { type CuemuxError, type Track, toCuemuxError } from '@cuemux/core'
import { writeInitSegment } from '@cuemux/fmp4'
import { writeMediaPlaylist, writeMultivariantPlaylist } from '@cuemux/playlist'
import type { LivePiece } from './segmenter.js'
import type { LiveStorage } from './storage.js'
import type { LiveTracks } from './tracks.js'
import type { LiveWindow, WindowPart, WindowSegment } from './window.js'

/** What a {@link Publisher} needs of its stream. */
export interface PublisherOptions {
  readonly window: LiveWindow
  readonly storage: LiveStorage
  /** Begins all names: a stream that starts again gives no name twice. */
  readonly token: string
  readonly segmentUs: number
  /** Every segment starts with a keyframe, and none is longer than planned. */
  readonly isEncoded: () => boolean
  readonly isLowLatency: boolean
  /** Wall clock, ms since 1970. */
  readonly now: () => number
  /** A segment can be asked for. */
  readonly onSegment: (segment: WindowSegment) => void
  /** Told once where something can't be written. */
  readonly onFailure: (error: CuemuxError) => void
}

/** Segments that may wait for a slow disk before the input is held back. */
const MAX_WAITING_WRITES = 4
/** BANDWIDTH says what the fullest segment needs; what is still to come may need more. */
const BANDWIDTH_MARGIN = 1.2
const LEAST_BANDWIDTH_BPS = 64_000

/** Names what comes, writes it, and then lists it: nobody finds a name whose bytes are not there. */
export class Publisher {
  readonly #options: PublisherOptions
  /** Parts by their names, as long as they are listed. */
  readonly #partBytes = new Map<string, Uint8Array>()
  readonly #waiters = new Set<() => void>()
  #writes: Promise<void> = Promise.resolve()
  #waiting = 0
  #tracks: LiveTracks | undefined
  #init: string | undefined
  #initBytes: Uint8Array | undefined
  #inits = 0
  #isDiscontinuity = false
  #pieces: Uint8Array[] = []
  #parts: WindowPart[] = []
  #durationUs = 0
  #number = 0
  #dateMs = 0
  /** Wall clock minus the stream's clock: the least seen, as what comes late says nothing of when it was taken. */
  #offsetMs = Number.POSITIVE_INFINITY
  #endDateMs = 0
  #peakBps = 0
  #hasFailed = false

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** When the newest picture was taken that can be asked for, ms since 1970; 0 before there is one. */
  get endDateMs(): number {
    return this.#endDateMs
  }

  /** Resolves when enough was written; `undefined` where that is so now. */
  room(): Promise<void> | undefined {
    return this.#waiting > MAX_WAITING_WRITES ? this.#writes : undefined
  }

  /** A timeline begins, of these tracks. */
  begin(tracks: LiveTracks): void {
    const isFirst = this.#tracks === undefined
    this.#tracks = tracks
    const list: Track[] = [tracks.video?.track, tracks.audio?.track].filter(track => track !== undefined)
    const bytes = writeInitSegment(list.filter(track => track.kind !== 'text').map(track => ({ track })))
    this.#isDiscontinuity = !isFirst
    this.#offsetMs = Number.POSITIVE_INFINITY
    // The same description needs no other init segment.
    if (this.#initBytes !== undefined && Buffer.compare(this.#initBytes, bytes) === 0) return
    const name = `${this.#options.token}-i${this.#inits++}.mp4`
    this.#init = name
    this.#initBytes = bytes
    this.#write(() => this.#options.storage.write(name, bytes))
  }

  /** Takes a piece of the stream. */
  take(piece: LivePiece): void {
    const { now, isLowLatency } = this.#options
    this.#offsetMs = Math.min(this.#offsetMs, now() - (piece.startUs + piece.durationUs) / 1000)
    if (this.#pieces.length === 0) this.#dateMs = Math.max(this.#endDateMs, piece.startUs / 1000 + this.#offsetMs)
    this.#pieces.push(piece.bytes)
    this.#durationUs += piece.durationUs
    if (isLowLatency) this.#showPart(piece)
    if (piece.endsSegment) this.#endSegment()
  }

  #showPart(piece: LivePiece): void {
    const { window } = this.#options
    const name = this.partName(this.#number, this.#parts.length)
    this.#partBytes.set(name, piece.bytes)
    this.#parts = [...this.#parts, { name, durationUs: piece.durationUs, isIndependent: piece.isIndependent }]
    this.changed()
    if (piece.endsSegment) return
    const facts = this.#facts()
    this.#endDateMs = this.#dateMs + this.#durationUs / 1000
    // Behind the writes of what comes before it: its init segment above all.
    this.#write(async () => {
      window.show(facts)
      this.changed()
    })
  }

  #facts(): Omit<WindowSegment, 'durationUs' | 'byteLength'> {
    return {
      number: this.#number,
      name: `${this.#options.token}-${this.#number}.m4s`,
      isDiscontinuity: this.#isDiscontinuity,
      init: this.#init ?? '',
      dateMs: Math.round(this.#dateMs),
      parts: this.#parts,
    }
  }

  #endSegment(): void {
    const bytes = Buffer.concat(this.#pieces)
    const segment = { ...this.#facts(), durationUs: this.#durationUs, byteLength: bytes.length }
    this.#endDateMs = this.#dateMs + this.#durationUs / 1000
    this.#number++
    this.#pieces = []
    this.#parts = []
    this.#durationUs = 0
    this.#isDiscontinuity = false
    this.#peakBps = Math.max(this.#peakBps, (bytes.length * 8_000_000) / Math.max(1, segment.durationUs))
    this.#write(() => this.#list(segment, bytes))
  }

  async #list(segment: WindowSegment, bytes: Uint8Array): Promise<void> {
    const { window, storage, onSegment } = this.#options
    window.targetDuration ??= this.#targetDuration(segment)
    await storage.write(segment.name, bytes)
    const gone = window.add(segment)
    this.#forgetParts()
    await this.#writePlaylists()
    this.changed()
    onSegment(segment)
    // After the playlist that doesn't name them any longer.
    for (const { name } of gone) await storage.remove(name)
    for (const init of new Set(gone.map(one => one.init))) {
      if (init !== this.#init && !window.usesInit(init)) await storage.remove(init)
    }
  }

  /** Never to change: the planned length, or as far as the first segment shows keyframes to be apart. */
  #targetDuration({ durationUs }: WindowSegment): number {
    const planned = Math.ceil(this.#options.segmentUs / 1_000_000)
    return this.#options.isEncoded() ? planned : Math.max(planned, Math.ceil(durationUs / 1_000_000))
  }

  #forgetParts(): void {
    const listed = new Set<string>()
    // Three target durations are listed (RFC 8216bis §4.4.4.9); a player may ask a little later.
    for (const { parts } of this.#options.window.segments.slice(-8)) for (const { name } of parts) listed.add(name)
    const open = `${this.#options.token}-${this.#number}.`
    for (const name of this.#partBytes.keys()) {
      if (!listed.has(name) && !name.startsWith(open)) this.#partBytes.delete(name)
    }
  }

  async #writePlaylists(): Promise<void> {
    const { storage } = this.#options
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
    await storage.write('master.m3u8', encode(this.master()))
    await storage.write('playlist.m3u8', encode(this.playlist({ isPlain: true })))
  }

  /** Writes one after the other, in the order of the stream. */
  #write(work: () => Promise<void>): void {
    this.#waiting++
    this.#writes = this.#writes
      .then(() => (this.#hasFailed ? undefined : work()))
      .catch(error => {
        this.#hasFailed = true
        this.#options.onFailure(toCuemuxError(error, 'OUTPUT_FAILED'))
      })
      .finally(() => this.#waiting--)
  }

  /** Resolves when all that has come so far is written and listed. */
  idle(): Promise<void> {
    return this.#writes
  }

  /** Nothing follows: the playlist says so. */
  end(): Promise<void> {
    this.#write(async () => {
      this.#options.window.isEnded = true
      this.#options.window.targetDuration ??= Math.ceil(this.#options.segmentUs / 1_000_000)
      if (this.#options.window.segments.length > 0) await this.#writePlaylists()
      this.changed()
    })
    return this.#writes
  }

  /** Name of a part. */
  partName(number: number, part: number): string {
    return `${this.#options.token}-${number}.${part}.m4s`
  }

  /** Name of the part that comes next. */
  get nextPart(): string {
    const { window } = this.#options
    return this.partName(window.nextNumber, window.open?.parts.length ?? 0)
  }

  /** The bytes of a part that is listed. */
  part(name: string): Uint8Array | undefined {
    return this.#partBytes.get(name)
  }

  /** The playlist of the stream. @param options `isPlain`: for a server that waits for nothing */
  playlist(options: { readonly isDelta?: boolean; readonly isPlain?: boolean } = {}): string {
    const { window, isLowLatency, isEncoded } = this.#options
    const hint = isLowLatency && options.isPlain !== true ? this.nextPart : undefined
    const playlist = window.playlist({ hint, isDelta: options.isDelta === true, isPlain: options.isPlain === true })
    return writeMediaPlaylist({ ...playlist, hasIndependentSegments: isEncoded() })
  }

  /** The multivariant playlist, of the one variant. */
  master(): string {
    const { video, audio } = this.#tracks ?? {}
    const codecs = [video?.track, audio?.track].map(track => track?.descriptions[0].codecString)
    const { width = 0, height = 0, pixelAspect = [1, 1], frameRate } = video?.track ?? {}
    return writeMultivariantPlaylist({
      hasIndependentSegments: this.#options.isEncoded(),
      variants: [
        {
          uri: 'playlist.m3u8',
          bandwidthBps: Math.max(LEAST_BANDWIDTH_BPS, Math.round(this.#peakBps * BANDWIDTH_MARGIN)),
          codecs: codecs.filter(codec => codec !== undefined),
          ...(video === undefined
            ? {}
            : { resolution: { width: Math.round((width * pixelAspect[0]) / pixelAspect[1]), height }, frameRate }),
        },
      ],
    })
  }

  /** Resolves when the playlist has changed, at the signal, or after a time; whoever waits looks again. */
  change(signal: AbortSignal, limitMs: number): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#waiters.delete(done)
        resolve()
      }
      const timer = setTimeout(done, limitMs)
      signal.addEventListener('abort', done, { once: true })
      this.#waiters.add(done)
      if (signal.aborted) done()
    })
  }

  /** Wakes all who wait for a change. */
  changed(): void {
    for (const wake of [...this.#waiters]) wake()
  }
}
