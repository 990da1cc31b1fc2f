import { CuemuxError, type Track } from '@cuemux/core'
import type { Box } from 'mp4box'
import { boxClass, container, serialize, withFields } from './boxes.js'
import { hasAudioEntry } from './sample-entry-audio.js'
import { hasVideoEntry, type NalSampleEntry } from './sample-entry-video.js'
import { IDENTITY, type MuxTrack, trakBox } from './trak.js'

/** Options of {@link writeInitSegment}. */
export interface InitOptions {
  /** Length of the whole film, ms, for a single file (`mehd`); an HLS init segment has none. */
  readonly durationMs?: number
  /**
   * Sample entry of the tracks of that codec. By default the one that the description's codec string names, else `avc1`
   * or `hvc1`.
   */
  readonly sampleEntry?: NalSampleEntry
}

/** Ticks per second of `mvhd` and `mehd`. */
const MOVIE_TIMESCALE = 1000
/** Major `iso6` for `tfdt` and default-base-is-moof; `cmfc` as composition offsets are never negative (ISO/IEC 23000-19 §7.2). */
const BRANDS = ['iso6', 'cmfc', 'mp41']

/**
 * Whether a track's codec has a sample entry here: H.264, HEVC, AV1, VP9, VP8, AAC, MP3, MP2, Opus, FLAC, ALAC, AC-3,
 * E-AC-3, PCM.
 */
export function supportedInMp4(track: Track): boolean {
  if (track.kind === 'text') return false
  return track.kind === 'video' ? hasVideoEntry(track.codec) : hasAudioEntry(track.codec)
}

/**
 * The init segment: `ftyp` and a `moov` without samples (ISO/IEC 14496-12 §8.2, ISO/IEC 23000-19 §7.3.1). The same
 * tracks and options give the same bytes; no time of creation is written.
 *
 * @throws CuemuxError `UNSUPPORTED_CODEC` where MP4 can't carry a track, `CORRUPT_INDEX` where one has no
 *   configuration, `BAD_REQUEST` for no tracks, an id twice, or a number out of range
 */
export function writeInitSegment(tracks: readonly MuxTrack[], options: InitOptions = {}): Uint8Array {
  const ids = tracks.map(({ trackId, track }) => trackId ?? track.id)
  if (ids.length === 0) throw new CuemuxError('BAD_REQUEST', 'An init segment needs at least one track.')
  if (new Set(ids).size < ids.length) {
    throw new CuemuxError('BAD_REQUEST', `Each track needs an id of its own in the output, not ${ids.join(', ')}.`)
  }
  const moov = container(new boxClass.moov(), [
    mvhdBox(Math.max(...ids)),
    ...tracks.map(track => trakBox(track, options.sampleEntry)),
    mvexBox(ids, options.durationMs),
  ])
  const ftyp = withFields(new boxClass.ftyp(), {
    major_brand: 'iso6',
    minor_version: 0,
    compatible_brands: BRANDS,
  })
  return serialize([ftyp, moov])
}

function mvhdBox(highestId: number): Box {
  return withFields(new boxClass.mvhd(), {
    creation_time: 0,
    modification_time: 0,
    timescale: MOVIE_TIMESCALE,
    duration: 0,
    rate: 0x10000,
    volume: 1,
    matrix: IDENTITY,
    next_track_id: Math.min(0xffffffff, highestId + 1),
  })
}

/** The sample defaults of `trex` are left at 0: every `tfhd` states its own, so that a segment can be read alone. */
function mvexBox(ids: readonly number[], durationMs: number | undefined): Box {
  const trexes = ids.map(id =>
    withFields(new boxClass.trex(), {
      track_id: id,
      default_sample_description_index: 1,
      default_sample_duration: 0,
      default_sample_size: 0,
      default_sample_flags: 0,
    }),
  )
  if (durationMs === undefined) return container(new boxClass.mvex(), trexes)
  if (!Number.isFinite(durationMs) || durationMs < 0) {
    throw new CuemuxError('BAD_REQUEST', `durationMs has to be a number from 0, not ${durationMs}.`)
  }
  const mehd = withFields(new boxClass.mehd(), { fragment_duration: Math.round(durationMs) })
  return container(new boxClass.mvex(), [mehd, ...trexes])
}
