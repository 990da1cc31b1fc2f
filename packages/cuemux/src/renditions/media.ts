import { CuemuxError, rescale, type SampleBatch, type VideoTrack } from '@cuemux/core'
import { writeInitSegment, writeMediaSegment, writePackedAudio, writeVideoSegment } from '@cuemux/fmp4'
import { type Extent, periodOf, type RatedRendition } from '@cuemux/planner'
import type { PlaylistSegment } from '@cuemux/playlist'
import { trueExtent } from '../extents.js'
import { isPackedAudio } from '../packed-audio.js'
import { batchInPeriod, batchWithSets, initName, pictureInits, trackInPeriod } from '../periods.js'
import type { PlannedFilm } from '../planned-film.js'
import { CONTENT_TYPES, type ResourceEntry, type ResourceKind } from '../resource.js'
import type { SegmentSamples } from '../segment-samples.js'
import { mediaPlaylist } from './media-playlist.js'
import {
  type Found,
  type MakeOptions,
  playlistEntry,
  type RenditionPlaylist,
  type RenditionResources,
  segmentNumber,
  textPieces,
  withQuery,
} from './rendition.js'

const US = 1_000_000

/** Where segments lie on the media's timeline. */
export interface SegmentTimes {
  readonly firstSegment: number
  readonly timescale: number
  /** Presentation time at which each begins, ticks. */
  readonly starts: Float64Array
  /** Length of each, ticks. */
  readonly durations: Float64Array
}

/** A rendition of picture, sound or both: fragmented MP4, or packed audio. */
export class MediaRendition implements RenditionResources {
  readonly name: string
  /** It goes out as packed audio, without init segments. */
  readonly isPacked: boolean
  readonly plan: RatedRendition
  readonly #film: PlannedFilm
  readonly #samples: SegmentSamples
  #extent: Promise<Extent> | undefined
  /** The playlist that was made last: the same again for the same query. */
  #text: { readonly query: string | undefined; readonly pieces: readonly Uint8Array[] } | undefined

  constructor(film: PlannedFilm, rendition: RatedRendition, samples: SegmentSamples) {
    this.name = rendition.name
    this.isPacked = isPackedAudio(rendition, film.client)
    this.#film = film
    this.plan = rendition
    this.#samples = samples
  }

  get #extension(): 'm4s' | 'mp3' {
    return this.isPacked ? 'mp3' : 'm4s'
  }

  async extent(): Promise<{ firstSegment: number; count: number }> {
    const { firstSegment, durationsUs } = await this.#trueExtent()
    return { firstSegment, count: durationsUs.length }
  }

  /**
   * The segments that it has. Where only the media tells when a track of sound begins or ends, that is looked up now,
   * once: opening a film doesn't pay for it, and what the playlist lists is there and as long as it says.
   */
  #trueExtent(): Promise<Extent> {
    if (this.#extent === undefined) {
      const { demuxer, plan, clip } = this.#film
      this.#extent = trueExtent(demuxer, plan, this.plan, clip)
      this.#extent.catch(() => {
        this.#extent = undefined
      })
    }
    return this.#extent
  }

  /** Where its segments lie on the media's timeline: sound as the index's tables have it, else on its grid of frames. */
  async segmentTimes(): Promise<SegmentTimes> {
    const { firstSegment, startUs, durationsUs } = await this.#trueExtent()
    const [track] = this.plan.tracks
    const timescale = track?.timescale ?? US
    const shift = this.#film.plan.timeline.shiftFor({ timescale })
    const told = this.#toldStarts()
    const toldAt = (i: number): number | undefined => {
      const at = told?.[firstSegment + i]
      return at === undefined || Number.isNaN(at) ? undefined : at
    }
    // What the index tells of a clip's first segment is where that begins in the film.
    const first = (this.#film.clip === undefined ? toldAt(0) : undefined) ?? rescale(startUs, US, timescale)
    const frame = track?.kind === 'audio' ? track.frameDuration : undefined
    const starts = new Float64Array(durationsUs.length)
    const durations = new Float64Array(durationsUs.length)
    let endUs = startUs
    let start = first
    for (let i = 0; i < durationsUs.length; i++) {
      endUs += durationsUs[i] ?? 0
      const plain = rescale(endUs, US, timescale)
      const isLast = i === durationsUs.length - 1
      const onGrid = frame === undefined ? plain : first + Math.ceil((plain - first) / frame) * frame
      const end = isLast ? plain : (toldAt(i + 1) ?? onGrid)
      starts[i] = start + shift
      durations[i] = Math.max(1, end - start)
      start = Math.max(start + 1, end)
    }
    return { firstSegment, timescale, starts, durations }
  }

  /** Where copied sound begins in each of the film's segments, ticks, where the index tells. */
  #toldStarts(): Float64Array | undefined {
    const { demuxer, plan } = this.#film
    const [track] = this.plan.tracks
    if (track?.kind !== 'audio' || plan.encoded.has(track.id)) return undefined
    return demuxer.spanSizes(track.id, plan.segments.cuts)?.starts
  }

  heads(): ResourceEntry[] {
    const inits = this.isPacked ? [] : this.#inits().map(name => this.#entry(name, 'init'))
    return [playlistEntry(`${this.name}/playlist.m3u8`), ...inits]
  }

  /** Names of its init segments, by period. */
  #inits(): string[] {
    return this.plan.kind === 'audio' ? [initName(0)] : pictureInits(this.#film)
  }

  segmentEntry(n: number): ResourceEntry {
    return this.#entry(`${n}.${this.#extension}`, 'segment')
  }

  #entry(file: string, kind: ResourceKind): ResourceEntry {
    const inMp4 = this.plan.kind === 'audio' ? CONTENT_TYPES.audio : CONTENT_TYPES.video
    return { path: `${this.name}/${file}`, kind, contentType: this.isPacked ? CONTENT_TYPES.mp3 : inMp4 }
  }

  async playlist(query: string | undefined): Promise<RenditionPlaylist> {
    const { firstSegment, durationsUs } = await this.#trueExtent()
    const { plan, discontinuities, inBandEntry } = this.#film
    const inits = this.#inits()
    const segments: PlaylistSegment[] = []
    // hot: once per segment of the film
    for (let i = 0; i < durationsUs.length; i++) {
      const n = firstSegment + i
      const segment = { uri: withQuery(`${n}.${this.#extension}`, query), durationUs: durationsUs[i] ?? 0 }
      const isChange = i > 0 && discontinuities.has(n)
      if (i > 0 && !isChange) segments.push(segment)
      else {
        const init = this.isPacked ? undefined : (inits[periodOf(plan.segments, n)] ?? inits[0])
        const map = init === undefined || (i > 0 && inits.length === 1) ? undefined : { uri: withQuery(init, query) }
        segments.push({ ...segment, isDiscontinuity: isChange, map })
      }
    }
    const before = inBandEntry === undefined ? periodOf(plan.segments, firstSegment) : 0
    return { firstSegment, segments, discontinuitySequence: before }
  }

  find(file: string): Found | undefined {
    if (file === 'playlist.m3u8') {
      return { entry: playlistEntry(`${this.name}/${file}`), make: ({ query }) => this.#playlistPieces(query) }
    }
    const period = this.isPacked ? -1 : this.#inits().indexOf(file)
    const isEncoded = this.plan.tracks.some(({ id }) => this.#film.encodings.has(id))
    if (period >= 0) {
      const make = async ({ signal }: MakeOptions) => [await this.#init(period, signal)]
      return { entry: this.#entry(file, 'init'), isEncoded, make }
    }
    const n = segmentNumber(file, this.#extension, this.#film.plan.segments.cuts.length)
    if (n === undefined) return undefined
    return { entry: this.segmentEntry(n), isEncoded, make: options => this.#segment(n, options) }
  }

  async #playlistPieces(query: string | undefined): Promise<readonly Uint8Array[]> {
    for (const { id } of this.plan.tracks) this.#film.encodings.get(id)?.warm?.()
    if (this.#text === undefined || this.#text.query !== query) {
      this.#text = { query, pieces: textPieces(mediaPlaylist(await this.playlist(query), this.#film)) }
    }
    return this.#text.pieces
  }

  async #init(period: number, signal: AbortSignal | undefined, of = this.plan.tracks): Promise<Uint8Array> {
    const { plan, inBandEntry, encodings } = this.#film
    const tracks = await Promise.all(
      of.map(async track => {
        const description = await encodings.get(track.id)?.description?.(signal)
        const decoded = description === undefined ? track : { ...track, descriptions: [description] as const }
        return { track: trackInPeriod(decoded, plan, period) }
      }),
    )
    return writeInitSegment(tracks, inBandEntry === undefined ? {} : { sampleEntry: inBandEntry })
  }

  async #segment(n: number, { signal, lease }: MakeOptions): Promise<readonly Uint8Array[]> {
    const { plan } = this.#film
    const { tracks } = this.plan
    const batches = await this.#samples.read(
      n,
      tracks.map(track => track.id),
      signal,
      lease,
    )
    const [first] = batches
    if (first === undefined) {
      throw new CuemuxError('NOT_FOUND', `Segment ${n} of ${this.name} has no samples: its track has none there.`)
    }
    if (this.isPacked) return writePackedAudio(first, plan.timeline.shiftFor(first))
    const fragments = batches.map(batch => ({
      batch: this.#adapted(batch, n),
      shift: plan.timeline.shiftFor(batch),
    }))
    // Numbers of fragments rise through the film, two to a segment of video.
    if (this.plan.kind === 'video') return writeVideoSegment(2 * n + 1, fragments).pieces
    return writeMediaSegment(n + 1, fragments).pieces
  }

  /** The keyframe with which segment n starts, as a segment of the picture alone. */
  async keyframe(n: number, signal: AbortSignal | undefined): Promise<readonly Uint8Array[]> {
    const batch = this.#adapted(await this.#samples.readKeyframe(n, this.#picture().id, signal), n)
    return writeVideoSegment(2 * n + 1, [{ batch, shift: this.#film.plan.timeline.shiftFor(batch) }]).pieces
  }

  /** The init segment of the picture alone, for {@link keyframe}. */
  keyframeInit(period: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    return this.#init(period, signal, [this.#picture()])
  }

  #picture(): VideoTrack {
    const picture = this.plan.tracks.find((track): track is VideoTrack => track.kind === 'video')
    if (picture === undefined) throw new CuemuxError('NOT_FOUND', `${this.name} has no picture.`)
    return picture
  }

  /** A batch of segment n as the init segment of its period describes it. */
  #adapted(batch: SampleBatch, n: number): SampleBatch {
    const { plan, inBandEntry } = this.#film
    const track = this.plan.tracks.find(({ id }) => id === batch.trackId)
    if (track === undefined) return batch
    return inBandEntry === undefined ? batchInPeriod(batch, track, plan) : batchWithSets(batch, track, plan, n)
  }
}
