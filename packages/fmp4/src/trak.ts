import { type AudioTrack, CuemuxError, type VideoTrack } from '@cuemux/core'
import type { AudioSampleEntry, Box, VisualSampleEntry } from 'mp4box'
import { boxClass, container, withFields } from './boxes.js'
import { boxLanguage } from './language.js'
import { audioSampleEntry } from './sample-entry-audio.js'
import { type NalSampleEntry, videoSampleEntry } from './sample-entry-video.js'

/** One track of the output. */
export interface MuxTrack {
  /** The source's track, with its configuration: see `Demuxer.readTrackStart`. */
  readonly track: VideoTrack | AudioTrack
  /** Id in the output; by default the source's. */
  readonly trackId?: number
  /** BCP 47 tag that stands for the track's own. */
  readonly language?: string
}

const ENABLED_IN_MOVIE = 3
const SELF_CONTAINED = 1

/**
 * The `trak` of a fragmented file (ISO/IEC 14496-12 §8.3): no duration, no edit list, empty sample tables.
 *
 * @throws CuemuxError `BAD_REQUEST` for an id or timescale out of range, and what the sample entries throw
 */
export function trakBox(mux: MuxTrack, wanted: NalSampleEntry | undefined): Box {
  const { track } = mux
  const trackId = mux.trackId ?? track.id
  requireUint32('id', trackId, track.id)
  requireUint32('timescale', track.timescale, track.id)
  const { packed, extended } = boxLanguage(mux.language ?? track.language)
  const mdhd = withFields(new boxClass.mdhd(), {
    creation_time: 0,
    modification_time: 0,
    timescale: track.timescale,
    duration: 0,
    language: packed,
  })
  const media: Box[] = [mdhd, hdlrBox(track)]
  // mp4box writes no terminating zero, which §8.4.6.2 wants.
  if (extended !== undefined) media.push(withFields(new boxClass.elng(), { extended_language: `${extended}\0` }))
  const minf = container(new boxClass.minf(), [mediaHeader(track), dinfBox(), stblBox(track, wanted)])
  return container(new boxClass.trak(), [tkhdBox(track, trackId), container(new boxClass.mdia(), [...media, minf])])
}

function requireUint32(name: string, value: number, trackId: number): void {
  if (Number.isInteger(value) && value > 0 && value <= 0xffffffff) return
  throw new CuemuxError('BAD_REQUEST', `The ${name} of track ${trackId} has to be from 1 to 4294967295, not ${value}.`)
}

function tkhdBox(track: VideoTrack | AudioTrack, trackId: number): Box {
  const [width, height] = track.kind === 'video' ? displaySize(track) : [0, 0]
  return withFields(new boxClass.tkhd(), {
    flags: ENABLED_IN_MOVIE,
    creation_time: 0,
    modification_time: 0,
    track_id: trackId,
    duration: 0,
    volume: track.kind === 'audio' ? 1 : 0,
    matrix: track.kind === 'video' ? rotationMatrix(track.rotation, width, height) : IDENTITY,
    width,
    height,
  })
}

/** Size on the screen before rotation, 16.16: the pixels' shape widens or narrows the picture. */
function displaySize(track: VideoTrack): [width: number, height: number] {
  const [horizontal, vertical] = track.pixelAspect
  const aspect = horizontal > 0 && vertical > 0 ? horizontal / vertical : 1
  const fixed = (pixels: number): number => Math.min(0xffffffff, Math.round(pixels * 0x10000))
  return [fixed(track.width * aspect), fixed(track.height)]
}

type Matrix = [number, number, number, number, number, number, number, number, number]

/** No transformation, as `mvhd` and upright tracks have it (ISO/IEC 14496-12 §8.3.2.2). */
export const IDENTITY: Matrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]

/** {a, b, u, c, d, v, x, y, w} with x' = ax + cy + x and y' = bx + dy + y, so that the picture's corner is at 0, 0. */
function rotationMatrix(rotation: VideoTrack['rotation'], width: number, height: number): Matrix {
  const one = 0x10000
  if (rotation === 90) return [0, one, 0, -one, 0, 0, height, 0, 0x40000000]
  if (rotation === 180) return [-one, 0, 0, 0, -one, 0, width, height, 0x40000000]
  if (rotation === 270) return [0, -one, 0, one, 0, 0, 0, width, 0x40000000]
  return IDENTITY
}

function hdlrBox(track: VideoTrack | AudioTrack): Box {
  const isVideo = track.kind === 'video'
  const name = track.title?.replaceAll('\0', '') || (isVideo ? 'Video' : 'Audio')
  // mp4box writes a char code a byte: UTF-8 goes in as such codes.
  const utf8 = Array.from(new TextEncoder().encode(name), byte => String.fromCharCode(byte)).join('')
  return withFields(new boxClass.hdlr(), { handler: isVideo ? 'vide' : 'soun', name: utf8 })
}

function mediaHeader(track: VideoTrack | AudioTrack): Box {
  return track.kind === 'video'
    ? withFields(new boxClass.vmhd(), { flags: 1, graphicsmode: 0, opcolor: Uint16Array.of(0, 0, 0) })
    : withFields(new boxClass.smhd(), { balance: 0 })
}

function dinfBox(): Box {
  const url = withFields(new boxClass['url '](), { flags: SELF_CONTAINED })
  return container(new boxClass.dinf(), [withFields(new boxClass.dref(), { entries: [url] })])
}

function stblBox(track: VideoTrack | AudioTrack, wanted: NalSampleEntry | undefined): Box {
  const entries: (VisualSampleEntry | AudioSampleEntry)[] =
    track.kind === 'video'
      ? track.descriptions.map(description => videoSampleEntry(track, description, wanted))
      : track.descriptions.map(description => audioSampleEntry(track, description))
  return container(new boxClass.stbl(), [
    withFields(new boxClass.stsd(), { entries }),
    withFields(new boxClass.stts(), { sample_counts: [], sample_deltas: [] }),
    withFields(new boxClass.stsc(), { first_chunk: [], samples_per_chunk: [], sample_description_index: [] }),
    withFields(new boxClass.stsz(), { sample_size: 0, sample_sizes: [] }),
    withFields(new boxClass.stco(), { chunk_offsets: [] }),
  ])
}
