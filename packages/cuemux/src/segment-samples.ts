import { describeVideo, dropNalUnits } from '@cuemux/codecs'
import type { Demuxer, SampleBatch, TextTrack, VideoTrack } from '@cuemux/core'
import { type Clip, type SegmentPlan, segmentSpan } from '@cuemux/planner'
import { captionSamples } from '@cuemux/text'
import { clipPicture, clipSound } from './clip.js'
import type { PlannedFilm } from './planned-film.js'
import { isRemote } from './remote.js'
import type { Lease } from './segment-memory.js'
import { SpanReader } from './span-reader.js'

/** The tracks that hold closed captions and nothing else. */
export function captionTracks({ demuxer }: PlannedFilm): readonly TextTrack[] {
  return demuxer.index.tracks.filter((track): track is TextTrack => track.codec === 'c608')
}

/** Captions that are kept of a presentation: half an hour of them. */
const MAX_CAPTION_BYTES = 4 << 20

/** Bytes of samples and their columns. */
function bytesOf(batches: readonly SampleBatch[]): number {
  return batches.reduce((sum, { count, size }) => size.reduce((bytes, one) => bytes + one, sum + 64 * count), 0)
}

/** Where the samples of a presentation's segments come from: one read of the source serves all renditions of a segment. */
export class SegmentSamples {
  readonly #demuxer: Demuxer
  readonly #segments: SegmentPlan
  readonly #clip: Clip | undefined
  readonly #spans: SpanReader
  readonly #encodings: PlannedFilm['encodings']
  readonly #dropped: PlannedFilm['dropNalUnits']
  readonly #isRemote: boolean
  /** The picture whose captions are kept as its segments are read, and those by segment: reading it again would be a download. */
  #captioned: VideoTrack | undefined
  readonly #captions = new Map<number, readonly SampleBatch[]>()
  #captionBytes = 0

  /** @param cacheBytes how many bytes of samples may be kept for the renditions that haven't asked yet */
  constructor(film: PlannedFilm, cacheBytes: number) {
    const { demuxer, plan, source, clip, encodings, samples } = film
    this.#dropped = film.dropNalUnits
    this.#isRemote = isRemote(source.seekCostBytes)
    this.#encodings = encodings
    this.#demuxer = demuxer
    this.#segments = plan.segments
    this.#clip = clip
    const texts = [...plan.texts.map(({ track }) => track), ...captionTracks(film)]
    const shown = [...plan.renditions.flatMap(rendition => rendition.tracks), ...texts]
    // ffmpeg reads the pictures that it encodes by itself.
    const read = shown.filter(({ id, kind }) => kind !== 'video' || !encodings.has(id))
    this.#spans = new SpanReader(demuxer, [...new Set(read.map(({ id }) => id))], source.seekCostBytes, cacheBytes)
    samples.readSegment = (n, id, signal) => this.#spans.read(segmentSpan(plan.segments, n), [id], signal)
  }

  /**
   * The batches of some tracks in segment n, in the order of the ids; a track without samples there gives none.
   *
   * @param lease for how long their bytes are needed, where that is known
   */
  async read(
    n: number,
    trackIds: readonly number[],
    signal: AbortSignal | undefined,
    lease?: Lease,
  ): Promise<SampleBatch[]> {
    const copied = trackIds.filter(id => !this.#encodings.has(id))
    if (copied.length === trackIds.length) return this.#readCopied(n, trackIds, signal, lease)
    const [read, ...encoded] = await Promise.all([
      copied.length === 0 ? [] : this.#readCopied(n, copied, signal, lease),
      ...trackIds.map(id => this.#readEncoded(n, id, signal)),
    ])
    return trackIds.flatMap((id, i) => encoded[i] ?? read.filter(({ trackId }) => trackId === id))
  }

  /** From now on what captions are read from is kept of a remote film's picture. Never changes what is given. */
  keepCaptions(track: VideoTrack): void {
    if (this.#isRemote) this.#captioned = track
  }

  /** What captions are read from in segment n: samples of the picture that have their messages, or those of a track. */
  async readCaptions(n: number, trackId: number, signal: AbortSignal | undefined): Promise<readonly SampleBatch[]> {
    const read = this.#captioned?.id === trackId ? this.#captions.get(n) : undefined
    return read ?? this.read(n, [trackId], signal)
  }

  /** Keeps what the captions of a segment are read from; the one that was read first goes first. */
  #keepCaptions(n: number, batches: readonly SampleBatch[]): void {
    const track = this.#captioned
    const own = track === undefined ? [] : batches.filter(({ trackId }) => trackId === track.id)
    if (track === undefined || own.length === 0 || this.#captions.has(n)) return
    const kept = own.map(batch => captionSamples(track, batch))
    this.#captions.set(n, kept)
    this.#captionBytes += bytesOf(kept)
    for (const [oldest, dropped] of this.#captions) {
      if (this.#captionBytes <= MAX_CAPTION_BYTES) break
      this.#captions.delete(oldest)
      this.#captionBytes -= bytesOf(dropped)
    }
  }

  /** The keyframe of the picture with which segment n starts, alone. */
  async readKeyframe(n: number, trackId: number, signal: AbortSignal | undefined): Promise<SampleBatch> {
    const encoded = await this.#encodings.get(trackId)?.keyframe?.(n, signal)
    if (encoded !== undefined) return encoded
    const { first } = segmentSpan(this.#segments, n)
    const batch = await this.#demuxer.readKeyframe(first, { signal })
    return this.#dropped.length === 0 ? batch : this.#withoutDropped(batch)
  }

  /** An encoder starts with the clip; what comes behind its end may be there. */
  async #readEncoded(n: number, id: number, signal: AbortSignal | undefined): Promise<SampleBatch | undefined> {
    const encoding = this.#encodings.get(id)
    const batch = await encoding?.segment(n, signal)
    if (batch === undefined || this.#clip === undefined || encoding?.track.kind !== 'audio') return batch
    return clipSound(batch, { fromUs: Number.NEGATIVE_INFINITY, toUs: this.#clip.toUs })
  }

  async #readCopied(
    n: number,
    trackIds: readonly number[],
    signal: AbortSignal | undefined,
    lease: Lease | undefined,
  ): Promise<SampleBatch[]> {
    const read = await this.#spans.read(segmentSpan(this.#segments, n), trackIds, signal, lease)
    const batches = this.#dropped.length === 0 ? read : read.map(batch => this.#withoutDropped(batch))
    const clip = this.#clip
    const own = clip === undefined ? batches : batches.flatMap(batch => this.#clipped(batch, clip, n) ?? [])
    if (this.#captioned !== undefined) this.#keepCaptions(n, own)
    return own
  }

  #withoutDropped(batch: SampleBatch): SampleBatch {
    const track = this.#demuxer.index.tracks.find(({ id }) => id === batch.trackId)
    if (track?.kind !== 'video' || (track.codec !== 'h264' && track.codec !== 'hevc')) return batch
    const { config } = track.descriptions[batch.descriptionIndex] ?? track.descriptions[0]
    const lengthSize = describeVideo(track.codec, config).nalLengthSize ?? 4
    const options = { codec: track.codec, lengthSize, drop: this.#dropped }
    const data = batch.data.map(sample => dropNalUnits(sample, options))
    return { ...batch, data, size: Uint32Array.from(data, sample => sample.byteLength) }
  }

  #clipped(batch: SampleBatch, clip: Clip, n: number): SampleBatch | undefined {
    const track = this.#demuxer.index.tracks.find(({ id }) => id === batch.trackId)
    if (track?.kind === 'audio') return clipSound(batch, clip)
    if (track?.kind !== 'video') return batch
    return clipPicture(batch, clip, track, n)
  }
}
