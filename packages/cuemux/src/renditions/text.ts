import { rescale, type SampleBatch } from '@cuemux/core'
import type { TextRenditionPlan } from '@cuemux/planner'
import { readTextSamples, type TextCue, writeWebVtt, writeWebVttSegment } from '@cuemux/text'
import type { PlannedFilm } from '../planned-film.js'
import { CONTENT_TYPES, type ResourceEntry } from '../resource.js'
import type { SegmentSamples } from '../segment-samples.js'
import { mediaPlaylist } from './media-playlist.js'
import {
  type Found,
  playlistEntry,
  type RenditionPlaylist,
  type RenditionResources,
  segmentNumber,
  textFound,
  withQuery,
} from './rendition.js'

const US = 1_000_000
/** A cue is looked for in the segments that start so long before, where only reading them tells of it. */
const LOOK_BACK_US = 10 * US
/** So long before its beginning a film has cues that are shown with its first segment. */
const BEFORE_US = 3600 * US

/** Name of the file that has all cues. */
export const WHOLE_TEXT = 'all.vtt'

/** Segments of WebVTT over all of the film; what is in them comes from where the kind of rendition finds it. */
export abstract class WebVttRendition implements RenditionResources {
  readonly name: string
  protected readonly film: PlannedFilm
  /** Where each segment begins, and the last one ends, µs on the film's clock. */
  protected readonly boundsUs: Float64Array
  readonly #durationsUs: Float64Array

  constructor(film: PlannedFilm, name: string, extent: Pick<TextRenditionPlan, 'startUs' | 'durationsUs'>) {
    this.name = name
    this.film = film
    this.#durationsUs = extent.durationsUs
    this.boundsUs = new Float64Array(extent.durationsUs.length + 1)
    this.boundsUs[0] = extent.startUs
    extent.durationsUs.forEach((durationUs, n) => {
      this.boundsUs[n + 1] = (this.boundsUs[n] ?? 0) + durationUs
    })
  }

  /** The cues that may be shown in segment n, and others. */
  protected abstract cues(n: number, signal: AbortSignal | undefined): Promise<Iterable<TextCue>>
  /** All cues, each once. */
  protected abstract allCues(signal: AbortSignal | undefined): Promise<Iterable<TextCue>>

  async extent(): Promise<{ firstSegment: number; count: number }> {
    return { firstSegment: 0, count: this.#durationsUs.length }
  }

  heads(): ResourceEntry[] {
    return [playlistEntry(`${this.name}/playlist.m3u8`), this.#entry(WHOLE_TEXT)]
  }

  segmentEntry(n: number): ResourceEntry {
    return this.#entry(`${n}.vtt`)
  }

  #entry(file: string): ResourceEntry {
    return { path: `${this.name}/${file}`, kind: 'text', contentType: CONTENT_TYPES.vtt }
  }

  async playlist(query: string | undefined): Promise<RenditionPlaylist> {
    const segments = Array.from(this.#durationsUs, (durationUs, n) => ({
      uri: withQuery(`${n}.vtt`, query),
      durationUs,
      isDiscontinuity: this.film.discontinuities.has(n),
    }))
    return { firstSegment: 0, segments, discontinuitySequence: 0 }
  }

  find(file: string): Found | undefined {
    if (file === 'playlist.m3u8') {
      return textFound(playlistEntry(`${this.name}/${file}`), async ({ query }) =>
        mediaPlaylist(await this.playlist(query), this.film),
      )
    }
    if (file === WHOLE_TEXT) {
      return textFound(this.#entry(file), async ({ signal }) =>
        writeWebVtt(await this.allCues(signal), { zeroUs: this.#zeroUs }),
      )
    }
    const n = segmentNumber(file, 'vtt', this.#durationsUs.length)
    return n === undefined ? undefined : textFound(this.#entry(file), ({ signal }) => this.#segment(n, signal))
  }

  get #zeroUs(): number {
    const { zero } = this.film.plan.timeline
    return rescale(zero.ticks, zero.timescale, US)
  }

  async #segment(n: number, signal: AbortSignal | undefined): Promise<string> {
    const { presentationOffset } = this.film.plan.timeline
    const fromUs = this.boundsUs[n] ?? 0
    return writeWebVttSegment({
      cues: await this.cues(n, signal),
      fromUs: n === 0 && this.film.clip === undefined ? fromUs - BEFORE_US : fromUs,
      toUs: this.boundsUs[n + 1] ?? fromUs,
      zeroUs: this.#zeroUs,
      mpegTs: rescale(presentationOffset.ticks, presentationOffset.timescale, 90_000),
    })
  }
}

/** A subtitle track as WebVTT. */
export class TextRendition extends WebVttRendition {
  readonly #plan: TextRenditionPlan
  readonly #samples: SegmentSamples

  constructor(film: PlannedFilm, plan: TextRenditionPlan, samples: SegmentSamples) {
    super(film, plan.name, plan)
    this.#plan = plan
    this.#samples = samples
  }

  /**
   * By the index, where it tells where the cues lie; else from the segments themselves, which the picture's request has read
   * or will: the one that is asked for, and those before it that a cue may have begun in.
   */
  protected async cues(n: number, signal: AbortSignal | undefined): Promise<TextCue[]> {
    const fromUs = this.boundsUs[n] ?? 0
    const indexed = await this.#indexed(n === 0 ? fromUs - BEFORE_US : fromUs, this.boundsUs[n + 1] ?? fromUs, signal)
    if (indexed !== undefined) return indexed
    let first = n
    while (first > 0 && (this.boundsUs[first] ?? 0) > fromUs - LOOK_BACK_US) first--
    return this.#inSegments(first, n, signal)
  }

  protected async allCues(signal: AbortSignal | undefined): Promise<TextCue[]> {
    const last = this.boundsUs.length - 1
    const all = await this.#indexed((this.boundsUs[0] ?? 0) - BEFORE_US, this.boundsUs[last] ?? 0, signal)
    return all ?? this.#inSegments(0, last - 1, signal)
  }

  async #indexed(fromUs: number, toUs: number, signal: AbortSignal | undefined): Promise<TextCue[] | undefined> {
    const { track } = this.#plan
    const [from, to] = [fromUs, toUs].map(us => rescale(us, US, track.timescale)) as [number, number]
    const batch = await this.film.demuxer.readText(track.id, from, Math.max(to, from + 1), { signal })
    return batch === undefined ? undefined : readTextSamples(track, batch)
  }

  async #inSegments(first: number, last: number, signal: AbortSignal | undefined): Promise<TextCue[]> {
    const { track } = this.#plan
    const cues: TextCue[] = []
    for (let n = first; n <= last; n++) {
      const batches: SampleBatch[] = await this.#samples.read(n, [track.id], signal)
      for (const batch of batches) cues.push(...readTextSamples(track, batch))
    }
    return cues
  }
}
