import { describeVideo, dropNalUnits } from '@cuemux/codecs'
import type { Demuxer, SampleBatch, TextTrack } from '@cuemux/core'
import { type Clip, type SegmentPlan, segmentSpan } from '@cuemux/planner'
import { clipPicture, clipSound } from './clip.js'
import type { PlannedFilm } from './planned-film.js'
import { SpanReader } from './span-reader.js'

/** The tracks that hold closed captions and nothing else. */
export function captionTracks({ demuxer }: PlannedFilm): readonly TextTrack[] {
  return demuxer.index.tracks.filter((track): track is TextTrack => track.codec === 'c608')
}

/** Where the samples of a presentation's segments come from: one read of the source serves all renditions of a segment. */
export class SegmentSamples {
  readonly #demuxer: Demuxer
  readonly #segments: SegmentPlan
  readonly #clip: Clip | undefined
  readonly #spans: SpanReader
  readonly #encodings: PlannedFilm['encodings']
  readonly #dropped: PlannedFilm['dropNalUnits']

  /** @param cacheBytes how many bytes of samples may be kept for the renditions that haven't asked yet */
  constructor(film: PlannedFilm, cacheBytes: number) {
    const { demuxer, plan, source, clip, encodings, samples } = film
    this.#dropped = film.dropNalUnits
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

  /** The batches of some tracks in segment n, in the order of the ids; a track without samples there gives none. */
  async read(n: number, trackIds: readonly number[], signal: AbortSignal | undefined): Promise<SampleBatch[]> {
    const copied = trackIds.filter(id => !this.#encodings.has(id))
    if (copied.length === trackIds.length) return this.#readCopied(n, trackIds, signal)
    const [read, ...encoded] = await Promise.all([
      copied.length === 0 ? [] : this.#readCopied(n, copied, signal),
      ...trackIds.map(id => this.#readEncoded(n, id, signal)),
    ])
    return trackIds.flatMap((id, i) => encoded[i] ?? read.filter(({ trackId }) => trackId === id))
  }

  /** The copied keyframe with which segment n starts, alone. */
  async readKeyframe(n: number, signal: AbortSignal | undefined): Promise<SampleBatch> {
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

  async #readCopied(n: number, trackIds: readonly number[], signal: AbortSignal | undefined): Promise<SampleBatch[]> {
    const read = await this.#spans.read(segmentSpan(this.#segments, n), trackIds, signal)
    const batches = this.#dropped.length === 0 ? read : read.map(batch => this.#withoutDropped(batch))
    const clip = this.#clip
    return clip === undefined ? batches : batches.flatMap(batch => this.#clipped(batch, clip) ?? [])
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

  #clipped(batch: SampleBatch, clip: Clip): SampleBatch | undefined {
    const track = this.#demuxer.index.tracks.find(({ id }) => id === batch.trackId)
    if (track?.kind === 'text') return batch
    return track?.kind === 'audio' ? clipSound(batch, clip) : clipPicture(batch, clip)
  }
}
