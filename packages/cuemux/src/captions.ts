import type { VideoTrack } from '@cuemux/core'
import { type CaptionChannel, type CaptionTrack, captionChannels, mayHaveCaptions } from '@cuemux/text'
import type { PlannedFilm } from './planned-film.js'
import { isRemote } from './remote.js'
import { CaptionRendition } from './renditions/captions.js'
import { captionTracks, type SegmentSamples } from './segment-samples.js'

/** The closed captions of a film as its client gets them. */
export interface Captions {
  /** Renditions of text, for a client that doesn't decode captions by itself. */
  readonly renditions: readonly CaptionRendition[]
  /** Channels in the picture, for a client that does. */
  readonly instream: readonly CaptionChannel[]
}

const NONE: Captions = { renditions: [], instream: [] }

/** Looks for closed captions: in the picture that is copied, and in tracks of an MP4 that hold nothing else. */
export async function findCaptions(film: PlannedFilm, samples: SegmentSamples): Promise<Captions> {
  const { plan, client, captions } = film
  const [main] = plan.renditions
  if (main === undefined || captions === 'off') return NONE
  const renditionsOf = async (track: CaptionTrack): Promise<CaptionRendition[]> => {
    const channels = await findChannels(film, track, samples)
    return channels.map(channel => new CaptionRendition(film, channel, main, track, samples))
  }
  const own = (await Promise.all(captionTracks(film).map(renditionsOf))).flat()
  const video = main.tracks.find((track): track is VideoTrack => track.kind === 'video')
  if (video === undefined || plan.encoded.has(video.id) || !mayHaveCaptions(video)) return { ...NONE, renditions: own }
  const isBrowser = client.name === 'browser' || client.name === 'listed'
  if (!isBrowser) return { renditions: own, instream: await findChannels(film, video, samples) }
  const shown = await renditionsOf(video)
  if (shown.length > 0) samples.keepCaptions(video)
  return { renditions: [...shown, ...own], instream: [] }
}

/** At so many places of a film it is looked for captions. */
const PLACES = 3

/**
 * The channels of closed captions in a track: those that have text at its beginning, its middle or three quarters
 * through. A remote film isn't read for them, as each look would be a segment's download, unless that is wished.
 */
async function findChannels(
  film: PlannedFilm,
  track: CaptionTrack,
  samples: SegmentSamples,
): Promise<readonly CaptionChannel[]> {
  const { plan, source, captions } = film
  if (isRemote(source.seekCostBytes) && captions !== 'search') return likelyChannels(film, track)
  const count = plan.segments.cuts.length
  const places = new Set(Array.from({ length: PLACES }, (_, i) => Math.floor((i * count * 3) / (4 * (PLACES - 1)))))
  const found = new Set<CaptionChannel>()
  for (const n of places) {
    if (n >= count) continue
    for (const channel of captionChannels(track, await samples.read(n, [track.id], undefined))) found.add(channel)
  }
  return [...found].sort()
}

/**
 * The first channel, where a keyframe has data for captions: those of a captioned film all do, also while nothing is said.
 * It was looked at for its group of pictures, or, where an MP4's index told of that, is now.
 */
async function likelyChannels(film: PlannedFilm, track: CaptionTrack): Promise<readonly CaptionChannel[]> {
  if (track.kind === 'text') return ['CC1']
  const { demuxer, plan, captionData } = film
  const [first] = plan.segments.cuts
  const isUnseen = captionData === undefined && demuxer.index.foundBy === 'moov' && first !== undefined
  const [start] = isUnseen ? await demuxer.readGroupStarts([first], { looksInside: true }) : []
  const found = captionData ?? start?.captions
  if (found === undefined || found === 'none') return []
  return [found === 'cea608' ? 'CC1' : 'SERVICE1']
}
