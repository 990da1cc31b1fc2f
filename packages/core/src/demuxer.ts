import type { Chapter, MediaIndex } from './index-model.js'
import type { SampleBatch } from './samples.js'
import type { PieceReader, ReadMemory, ReadOptions } from './source.js'
import type { SampleDescription, Track } from './track.js'

/**
 * A stretch of the film between two keyframes of the reference track: a segment, in the index's own terms.
 * Keyframe `end` is not in it; where `end` is the number of keyframes, it goes to the end of the film.
 */
export interface Span {
  /** Number of the keyframe that it starts with, from 0. */
  readonly first: number
  /** Number of the keyframe that it ends before; greater than `first`. */
  readonly end: number
}

/** Bytes and samples of one track in each of a row of spans, as columns. */
export interface SpanSizes {
  /** Payload bytes. */
  readonly bytes: Float64Array
  /** Number of samples. */
  readonly samples: Uint32Array
  /** Presentation time of the sample that is decoded first, ticks of the track; `NaN` where there is none. */
  readonly starts: Float64Array
}

/** How a keyframe's group of pictures begins. */
export interface GroupStart {
  /** Nothing from the keyframe on, in decode order, refers to what is before it. */
  readonly isClosed: boolean
  /** By how much the group's first picture is shown before the keyframe, ticks of the reference track; 0 as a rule. */
  readonly lead: number
  /** What decodes the group, where that is not the first of the track's descriptions. */
  readonly description?: SampleDescription
  /**
   * The keyframe brings parameter sets along, those of its description or others: only a film whose keyframes do can have
   * others later on. Where its own bytes were looked at; of a stream that was gone through, whether they change there.
   */
  readonly bringsSets?: boolean
  /** The keyframe carries data for closed captions of this kind, with or without text; where its own bytes were looked at. */
  readonly captions?: 'cea608' | 'cea708'
  /** Bytes of the keyframe's sample, as {@link Demuxer.readSpan} gives it; where that can be told without reading all of it. */
  readonly keyframeBytes?: number
}

/** Options of {@link Demuxer.readGroupStarts}. */
export interface GroupStartOptions extends ReadOptions {
  /**
   * Looks into the keyframes' own bytes also where the index tells how groups begin: they may bring along parameter sets
   * that no sample entry has.
   */
  readonly looksInside?: boolean | undefined
  /** Doesn't look for pictures that lead: `isClosed` and `lead` say nothing where that takes a further read. */
  readonly ignoresLeads?: boolean | undefined
}

/** Options of {@link Demuxer.readSpan}. */
export interface SpanOptions extends ReadOptions {
  /**
   * Where the bytes may come from instead of the source: the samples are then views into its pieces, and last as long as
   * they do. A demuxer may read from the source all the same.
   */
  readonly pieces?: PieceReader | undefined
  /** What large reads go into: the samples are views into it, and last as long as it does. A demuxer needn't use it. */
  readonly memory?: ReadMemory | undefined
}

/** Reads one film's samples. Has no state that a result depends on: the same span gives the same samples, in any order. */
export interface Demuxer {
  readonly index: MediaIndex
  /**
   * The track with `start`, configuration and everything else that only its first sample tells. Reads the media from
   * its beginning until that sample, once; resolves at once when the index says it all.
   *
   * @throws CuemuxError `NOT_FOUND` for an unknown track, `CORRUPT_MEDIA`, and what the source throws
   */
  readTrackStart(trackId: number, options?: ReadOptions): Promise<Track>
  /**
   * The samples of a span: of the reference track those from the first keyframe up to (in decode order) the end
   * keyframe; of every other track those that start at or after the first keyframe's time and before the end
   * keyframe's. The first span begins, and the last one ends, where each track does. One batch per track and sample
   * description, in the order of `trackIds`; a track without samples there gives none.
   *
   * @throws CuemuxError `NOT_FOUND` for an unknown track, `CORRUPT_MEDIA`, and what the source throws
   */
  readSpan(span: Span, trackIds: readonly number[], options?: SpanOptions): Promise<SampleBatch[]>
  /**
   * The samples of a text track that are shown at some time in a window, in the order of their times, `duration` being
   * how long each is shown: those that began before the window and last into it among them. Reads nothing but them.
   *
   * @param from start of the window, ticks of the track
   * @param to its end, not in it
   * @returns `undefined` where the index doesn't tell where they lie: {@link Demuxer.readSpan} reads text, too
   * @throws CuemuxError `NOT_FOUND` for a track that is not one of text, `CORRUPT_MEDIA`, and what the source throws
   */
  readText(trackId: number, from: number, to: number, options?: ReadOptions): Promise<SampleBatch | undefined>
  /**
   * The film's chapters: the index's own, or, of a QuickTime film, those whose titles lie among the media, which are read.
   * Once: later calls give the same.
   *
   * @throws CuemuxError what the source throws
   */
  readChapters(options?: ReadOptions): Promise<readonly Chapter[]>
  /**
   * How the groups of pictures of some keyframes begin: from the index where it tells (MP4, unless `looksInside`), else by
   * a small read at each (Matroska). A keyframe of sound starts a closed group.
   *
   * @param keyframes numbers of keyframes of the reference track
   * @throws CuemuxError `NOT_FOUND` for an unknown keyframe, `CORRUPT_MEDIA`, and what the source throws
   */
  readGroupStarts(keyframes: readonly number[], options?: GroupStartOptions): Promise<GroupStart[]>
  /**
   * A keyframe of the reference track alone, without the pictures that follow it: reads little more than it.
   *
   * @throws CuemuxError `NOT_FOUND` for an unknown keyframe, or where the reference is no picture, `CORRUPT_MEDIA`, and
   * what the source throws
   */
  readKeyframe(keyframe: number, options?: ReadOptions): Promise<SampleBatch>
  /**
   * Exact sizes of a track between cuts, from the index alone; `undefined` where the index doesn't tell (Matroska).
   *
   * @param cuts numbers of the keyframes at which spans start, increasing; the last span goes to the end of the film
   */
  spanSizes(trackId: number, cuts: Uint32Array): SpanSizes | undefined
  /** Gives back what it holds beside its source, where it holds anything. */
  close?(): Promise<void>
}
