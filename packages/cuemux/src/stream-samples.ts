import type { ByteSource, Demuxer, SampleBatch, SpanOptions } from '@cuemux/core'
import { type ClientProfile, type SegmentPlan, segmentSpan, type TrackDecision } from '@cuemux/planner'
import type { PlayableTrack } from './client.js'
import { closeEncodings, openEncodings } from './encoding/open-encodings.js'
import type { EncoderService, TrackEncoding } from './encoding/service.js'
import { SpanReader } from './span-reader.js'

/** Samples that are kept for the other tracks of a fragment where the encoder reads ahead. */
const KEPT_BYTES = 16 << 20

/** Memory that is used again once a fragment has been written. */
export type FragmentMemory = Pick<SpanOptions, 'pieces' | 'memory'>

/** Where the samples of a continuous stream's fragments come from: the film, or an encoder. */
export class StreamSamples {
  readonly #source: ByteSource
  readonly #demuxer: Demuxer
  readonly #segments: SegmentPlan
  #encodings: ReadonlyMap<number, TrackEncoding> = new Map()
  /** Where something is encoded: reads a fragment once, whoever needs a part of it. */
  #spans: SpanReader | undefined

  readonly #open: Set<() => Promise<void>>
  readonly #close = (): Promise<void> => this.close()

  /** @param open has the function that ends the encoders as long as there are any */
  constructor(source: ByteSource, demuxer: Demuxer, segments: SegmentPlan, open: Set<() => Promise<void>>) {
    this.#source = source
    this.#demuxer = demuxer
    this.#segments = segments
    this.#open = open
  }

  /**
   * Prepares the encoders of what the client doesn't play.
   *
   * @throws CuemuxError as `openEncodings`
   */
  async encode(
    decisions: readonly TrackDecision[],
    client: ClientProfile,
    encoder: EncoderService | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#encodings = await openEncodings(decisions, encoder, {
      source: this.#source,
      demuxer: this.#demuxer,
      client,
      segments: this.#segments,
      clip: undefined,
      readSegment: (n, trackId, wanted) => this.#readCopied(n, [trackId], wanted, undefined),
      signal,
    })
    if (this.#encodings.size > 0) this.#open.add(this.#close)
  }

  /** The tracks as they come out of the encoders, by id. */
  get outputs(): ReadonlyMap<number, TrackEncoding['track']> {
    return new Map(Array.from(this.#encodings, ([id, { track }]) => [id, track]))
  }

  /** Closes the encoders of all other tracks. */
  async keepOnly(trackIds: readonly number[]): Promise<void> {
    const entries = [...this.#encodings]
    this.#encodings = new Map(entries.filter(([id]) => trackIds.includes(id)))
    await closeEncodings(entries.flatMap(([id, encoding]) => (trackIds.includes(id) ? [] : [encoding])))
    if (this.#encodings.size === 0) return
    for (const encoding of this.#encodings.values()) encoding.warm?.()
    // ffmpeg reads the pictures that it encodes by itself.
    const read = trackIds.filter(id => this.#encodings.get(id)?.track.kind !== 'video')
    this.#spans = new SpanReader(this.#demuxer, read, this.#source.seekCostBytes, KEPT_BYTES)
  }

  /** Whether only the encoder's first frame tells how its pictures are decoded. */
  get areDescribedByEncoder(): boolean {
    return [...this.#encodings.values()].some(({ description }) => description !== undefined)
  }

  /** The tracks with what decodes them. */
  async described(
    tracks: readonly PlayableTrack[],
    signal: AbortSignal | undefined,
  ): Promise<readonly PlayableTrack[]> {
    return Promise.all(
      tracks.map(async track => {
        const description = await this.#encodings.get(track.id)?.description?.(signal)
        return description === undefined ? track : { ...track, descriptions: [description] as const }
      }),
    )
  }

  /** The batches of fragment n, in the order of the tracks; what is copied lies in the memory that is given, if any. */
  async read(
    n: number,
    trackIds: readonly number[],
    signal: AbortSignal | undefined,
    memory: FragmentMemory | undefined,
  ): Promise<SampleBatch[]> {
    if (this.#encodings.size === 0) return this.#readCopied(n, trackIds, signal, memory)
    const copied = trackIds.filter(id => !this.#encodings.has(id))
    const [read, ...encoded] = await Promise.all([
      copied.length === 0 ? [] : this.#readCopied(n, copied, signal, memory),
      ...trackIds.map(async id => this.#encodings.get(id)?.segment(n, signal)),
    ])
    return trackIds.flatMap((id, i) => encoded[i] ?? read.filter(({ trackId }) => trackId === id))
  }

  /** Ends the encoders. */
  async close(): Promise<void> {
    await closeEncodings(this.#encodings.values())
    this.#open.delete(this.#close)
  }

  #readCopied(
    n: number,
    trackIds: readonly number[],
    signal: AbortSignal | undefined,
    memory: FragmentMemory | undefined,
  ): Promise<SampleBatch[]> {
    const span = segmentSpan(this.#segments, n)
    return this.#spans?.read(span, trackIds, signal) ?? this.#demuxer.readSpan(span, trackIds, { signal, ...memory })
  }
}
