import { hasParameterSets } from '@cuemux/codecs'
import type { AudioTrack, Demuxer, MediaIndex, ReadOptions, Track, VideoTrack } from '@cuemux/core'
import type { ClientName } from '@cuemux/planner'

/** A client: a preset's name, or a list of the RFC 6381 codec strings that it plays. */
export type ClientInput = ClientName | readonly string[]

/** Codecs whose sample entry needs a configuration box. */
const CONFIGURED: ReadonlySet<Track['codec']> = new Set<Track['codec']>([
  'h264',
  'hevc',
  'av1',
  'vp9',
  'vp8',
  'aac',
  'opus',
  'flac',
  'alac',
  'ac3',
  'eac3',
])

/**
 * The index with the decoder configurations of these tracks: some codecs in some containers tell theirs only in their
 * first sample (AC-3 and VP9 in Matroska). Nothing else changes, so that a plan made from it is the index's own.
 */
export async function withConfigurations(
  demuxer: Demuxer,
  trackIds: ReadonlySet<number>,
  options: ReadOptions,
): Promise<MediaIndex> {
  const complete = (track: Track): Promise<Track> | Track =>
    trackIds.has(track.id) && needsConfiguration(track) ? completed(demuxer, track, options) : track
  return { ...demuxer.index, tracks: await Promise.all(demuxer.index.tracks.map(complete)) }
}

function needsConfiguration(track: Track): boolean {
  const { config, codecString } = track.descriptions[0]
  // Sample entries may leave parameter sets to the samples.
  if ((track.codec === 'h264' || track.codec === 'hevc') && !hasParameterSets(track.codec, config)) return true
  return CONFIGURED.has(track.codec) && (config.byteLength === 0 || codecString === undefined)
}

async function completed(demuxer: Demuxer, track: Track, options: ReadOptions): Promise<Track> {
  const found = await demuxer.readTrackStart(track.id, options)
  if (track.kind === 'video' || found.kind === 'video') return { ...track, descriptions: found.descriptions }
  if (track.kind === 'text' || found.kind === 'text') return track
  const { descriptions, sampleRate, channels, hasJoc } = found
  return { ...(track as AudioTrack), descriptions, sampleRate, channels, hasJoc }
}

/** Tracks that are muxed. */
export type PlayableTrack = VideoTrack | AudioTrack
