import type { AudioTrack, VideoTrack } from '@cuemux/core'
import type { Extent, PresentationPlan, RatedRendition, VariantPlan } from '@cuemux/planner'
import {
  type MediaRendition,
  type StreamVariant,
  writeMediaPlaylist,
  writeMultivariantPlaylist,
} from '@cuemux/playlist'
import { videoRange } from './info.js'

/** `master.m3u8` of a planned presentation. */
export function multivariantPlaylist(plan: PresentationPlan, isIndependent: boolean): string {
  return writeMultivariantPlaylist({
    hasIndependentSegments: isIndependent,
    renditions: plan.variants.flatMap(variant => soundOf(variant)),
    variants: plan.variants.map(streamVariant),
  })
}

function streamVariant(variant: VariantPlan): StreamVariant {
  const { main } = variant
  const video = main.tracks.find(track => track.kind === 'video')
  const common = {
    uri: `${main.name}/playlist.m3u8`,
    bandwidthBps: variant.peakBps,
    averageBandwidthBps: variant.averageBps,
    codecs: variant.codecs,
    audioGroup: variant.audioGroup,
  }
  if (video === undefined) return common
  return {
    ...common,
    resolution: displaySize(video),
    frameRate: video.frameRate,
    videoRange: videoRange(video.colour),
  }
}

/** Size of the picture as it is shown: pixels made square, and turned. */
function displaySize(video: VideoTrack): { width: number; height: number } {
  const [horizontal, vertical] = video.pixelAspect
  const width = Math.round((video.width * horizontal) / vertical)
  return video.rotation % 180 === 0 ? { width, height: video.height } : { width: video.height, height: width }
}

function soundOf(variant: VariantPlan): MediaRendition[] {
  const { audioGroup } = variant
  if (audioGroup === undefined) return []
  return variant.audio.flatMap((rendition, i) => {
    const track = rendition.tracks[0]
    return track?.kind === 'audio' ? [mediaRendition(rendition, track, audioGroup, i === 0)] : []
  })
}

function mediaRendition(
  rendition: RatedRendition,
  track: AudioTrack,
  groupId: string,
  isFirst: boolean,
): MediaRendition {
  return {
    type: 'AUDIO',
    groupId,
    name: track.title ?? languageName(track.language) ?? `Audio ${track.id}`,
    language: track.language,
    isDefault: isFirst,
    isAutoselect: !track.roles.includes('commentary'),
    channels: track.hasJoc ? '16/JOC' : String(track.channels),
    characteristics: track.roles.includes('visual-impaired') ? ['public.accessibility.describes-video'] : undefined,
    uri: `${rendition.name}/playlist.m3u8`,
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

/** The media playlist of a rendition that has these segments. */
export function mediaPlaylist(
  { firstSegment, durationsUs }: Extent,
  targetDuration: number,
  isIndependent: boolean,
): string {
  return writeMediaPlaylist({
    targetDuration,
    type: 'VOD',
    isEnded: true,
    hasIndependentSegments: isIndependent,
    mediaSequence: firstSegment,
    map: { uri: 'init.mp4' },
    segments: Array.from(durationsUs, (durationUs, i) => ({ uri: `${firstSegment + i}.m4s`, durationUs })),
  })
}
