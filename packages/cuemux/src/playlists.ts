import type { AudioTrack, VideoTrack } from '@cuemux/core'
import {
  type Extent,
  type PresentationPlan,
  type RatedRendition,
  supplementalCodecs,
  type VariantPlan,
} from '@cuemux/planner'
import {
  type MediaRendition,
  type StreamVariant,
  writeMediaPlaylist,
  writeMultivariantPlaylist,
} from '@cuemux/playlist'
import { videoRange } from './info.js'
import { MP3_IN_MP4 } from './packed-audio.js'

/**
 * `master.m3u8` of a planned presentation.
 *
 * @param packed the renditions that go out as packed audio
 * @param query put behind each address
 */
export function multivariantPlaylist(
  plan: PresentationPlan,
  packed: ReadonlySet<RatedRendition>,
  isIndependent: boolean,
  query?: string,
): string {
  const addressOf: AddressOf = rendition => withQuery(`${rendition.name}/playlist.m3u8`, query)
  return writeMultivariantPlaylist({
    hasIndependentSegments: isIndependent,
    // The film has one default sound: that of the first variant.
    renditions: plan.variants.flatMap((variant, i) => soundOf(variant, i === 0, addressOf)),
    variants: plan.variants.map(variant => ({
      ...streamVariant(variant, addressOf),
      codecs: codecsOf(variant, packed),
    })),
  })
}

/**
 * The codecs of a variant without that of packed audio: hls.js, for whose sake there is packed audio, drops renditions
 * of a codec that media sources don't know by name (`mp4a.40.34`), and finds out by itself what it gets.
 */
function codecsOf(variant: VariantPlan, packed: ReadonlySet<RatedRendition>): readonly string[] {
  const isPacked = [variant.main, ...variant.audio].some(rendition => packed.has(rendition))
  return isPacked ? variant.codecs.filter(codec => !MP3_IN_MP4.includes(codec.toLowerCase())) : variant.codecs
}

type AddressOf = (rendition: RatedRendition) => string

function withQuery(path: string, query: string | undefined): string {
  return query === undefined || query === '' ? path : `${path}?${query}`
}

function streamVariant(variant: VariantPlan, addressOf: AddressOf): Omit<StreamVariant, 'codecs'> {
  const { main } = variant
  const video = main.tracks.find(track => track.kind === 'video')
  const common = {
    uri: addressOf(main),
    bandwidthBps: variant.peakBps,
    averageBandwidthBps: variant.averageBps,
    audioGroup: variant.audioGroup,
  }
  if (video === undefined) return common
  return {
    ...common,
    resolution: displaySize(video),
    frameRate: video.frameRate,
    videoRange: videoRange(video.colour),
    supplementalCodecs: supplementalCodecs(video),
  }
}

/** Size of the picture as it is shown: pixels made square, and turned. */
function displaySize(video: VideoTrack): { width: number; height: number } {
  const [horizontal, vertical] = video.pixelAspect
  const width = Math.round((video.width * horizontal) / vertical)
  return video.rotation % 180 === 0 ? { width, height: video.height } : { width: video.height, height: width }
}

function soundOf(variant: VariantPlan, isFirst: boolean, addressOf: AddressOf): MediaRendition[] {
  const { audioGroup } = variant
  if (audioGroup === undefined) return []
  return variant.audio.flatMap((rendition, i) => {
    const track = rendition.tracks[0]
    return track?.kind === 'audio'
      ? [{ ...mediaRendition(track, audioGroup, isFirst && i === 0), uri: addressOf(rendition) }]
      : []
  })
}

function mediaRendition(track: AudioTrack, groupId: string, isDefault: boolean): MediaRendition {
  return {
    type: 'AUDIO',
    groupId,
    name: track.title ?? languageName(track.language) ?? `Audio ${track.id}`,
    language: track.language,
    isDefault,
    isAutoselect: !track.roles.includes('commentary'),
    channels: track.hasJoc ? '16/JOC' : String(track.channels),
    characteristics: track.roles.includes('visual-impaired') ? ['public.accessibility.describes-video'] : undefined,
  }
}

let names: Intl.DisplayNames | undefined

/** The language's name in English, where the tag names one. */
function languageName(tag: string): string | undefined {
  if (tag === 'und' || tag === '') return undefined
  try {
    names ??= new Intl.DisplayNames('en', { type: 'language', fallback: 'none' })
    return names.of(tag)
  } catch {
    return undefined // the container's tag isn't well-formed BCP 47
  }
}

/** What a media playlist says beside its segments. */
interface MediaPlaylistFacts {
  readonly targetDuration: number
  readonly isIndependent: boolean
  /** Of its segments' paths; packed audio (`mp3`) has no init segment. */
  readonly extension: 'm4s' | 'mp3'
  /** Put behind each address. */
  readonly query: string | undefined
}

/** The media playlist of a rendition that has these segments. */
export function mediaPlaylist({ firstSegment, durationsUs }: Extent, facts: MediaPlaylistFacts): string {
  const { extension, query } = facts
  return writeMediaPlaylist({
    targetDuration: facts.targetDuration,
    type: 'VOD',
    isEnded: true,
    hasIndependentSegments: facts.isIndependent,
    mediaSequence: firstSegment,
    map: extension === 'm4s' ? { uri: withQuery('init.mp4', query) } : undefined,
    segments: Array.from(durationsUs, (durationUs, i) => ({
      uri: withQuery(`${firstSegment + i}.${extension}`, query),
      durationUs,
    })),
  })
}
