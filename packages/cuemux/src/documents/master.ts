import type { AudioTrack, VideoTrack } from '@cuemux/core'
import { supplementalCodecs, type TextRenditionPlan, type VariantPlan } from '@cuemux/planner'
import {
  CHAPTERS_DATA_ID,
  type IFrameStream,
  type ImageStream,
  type MediaRendition,
  type StreamVariant,
  writeMultivariantPlaylist,
} from '@cuemux/playlist'
import type { CaptionChannel } from '@cuemux/text'
import { videoRange } from '../info.js'
import { MP3_IN_MP4 } from '../packed-audio.js'
import type { PlannedFilm } from '../planned-film.js'
import type { CaptionRendition } from '../renditions/captions.js'
import { startOf } from '../renditions/media-playlist.js'
import { withQuery } from '../renditions/rendition.js'
import { CHAPTERS_PATH } from './chapters.js'

/** What the multivariant playlist names beside the variants and their sound. */
export interface MasterParts {
  /** Names of the renditions that go out as packed audio. */
  readonly packed: ReadonlySet<string>
  /** Channels of closed captions that the client decodes by itself. */
  readonly instreamChannels: readonly CaptionChannel[]
  /** Channels of closed captions that have renditions of text. */
  readonly captions: readonly CaptionRendition[]
  readonly hasChapters: boolean
  readonly iFrames: readonly IFrameStream[]
  readonly images: readonly ImageStream[]
}

const SUBTITLES = 'subtitles'
const CAPTIONS = 'captions'

/**
 * `master.m3u8` of a planned presentation.
 *
 * @param query put behind each address
 */
export function multivariantPlaylist(film: PlannedFilm, parts: MasterParts, query?: string): string {
  const { plan, isIndependent, clip } = film
  const addressOf: AddressOf = ({ name }) => withQuery(`${name}/playlist.m3u8`, query)
  const texts = [
    ...plan.texts.map(text => subtitles(text, addressOf)),
    ...parts.captions.map(captions => captionSubtitles(captions, addressOf)),
  ]
  return writeMultivariantPlaylist({
    hasIndependentSegments: isIndependent,
    start: startOf(clip),
    sessionData: parts.hasChapters ? [{ dataId: CHAPTERS_DATA_ID, uri: withQuery(CHAPTERS_PATH, query) }] : undefined,
    // The film has one default sound: that of the first variant.
    renditions: [
      ...plan.variants.flatMap((variant, i) => soundOf(variant, i === 0, addressOf)),
      ...texts,
      ...parts.instreamChannels.map(instreamCaptions),
    ],
    variants: plan.variants.map(variant => ({
      ...streamVariant(variant, addressOf),
      codecs: codecsOf(variant, parts.packed, film),
      subtitlesGroup: texts.length > 0 ? SUBTITLES : undefined,
      closedCaptionsGroup: parts.instreamChannels.length > 0 ? CAPTIONS : undefined,
    })),
    iFrameStreams: parts.iFrames,
    imageStreams: parts.images,
  })
}

/** RFC 8216bis §4.4.6.1: what subtitles for the hard of hearing have. */
const FOR_THE_HARD_OF_HEARING = [
  'public.accessibility.transcribes-spoken-dialog',
  'public.accessibility.describes-music-and-sound',
]

function subtitles(text: TextRenditionPlan, addressOf: AddressOf): MediaRendition {
  const { track } = text
  return {
    type: 'SUBTITLES',
    groupId: SUBTITLES,
    name: track.title ?? languageName(track.language) ?? `Subtitles ${track.id}`,
    language: track.language,
    isDefault: track.isDefault,
    isAutoselect: !track.roles.includes('commentary'),
    isForced: track.isForced,
    characteristics: track.roles.includes('hearing-impaired') ? FOR_THE_HARD_OF_HEARING : undefined,
    uri: addressOf(text),
  }
}

function captionSubtitles(captions: CaptionRendition, addressOf: AddressOf): MediaRendition {
  return {
    type: 'SUBTITLES',
    groupId: SUBTITLES,
    name: `Closed captions ${captions.channel}`,
    language: captions.language,
    isAutoselect: true,
    characteristics: FOR_THE_HARD_OF_HEARING,
    uri: addressOf(captions),
  }
}

function instreamCaptions(channel: CaptionChannel): MediaRendition {
  return {
    type: 'CLOSED-CAPTIONS',
    groupId: CAPTIONS,
    name: channel,
    language: 'und',
    isAutoselect: true,
    instreamId: channel,
  }
}

/**
 * The codecs of a variant without that of packed audio: hls.js, for whose sake there is packed audio, drops renditions
 * of a codec that media sources don't know by name (`mp4a.40.34`), and finds out by itself what it gets.
 */
function codecsOf(
  variant: VariantPlan,
  packed: ReadonlySet<string>,
  { inBandEntry, plan }: PlannedFilm,
): readonly string[] {
  // A picture whose decoding changes is in all its ways.
  const later = variant.main.kind === 'audio' ? [] : plan.segments.periods
  const all = [...new Set([...variant.codecs, ...later.flatMap(({ description }) => description?.codecString ?? [])])]
  const codecs = inBandEntry === undefined ? all : all.map(codec => inBand(codec, inBandEntry))
  const isPacked = [variant.main, ...variant.audio].some(({ name }) => packed.has(name))
  return isPacked ? codecs.filter(codec => !MP3_IN_MP4.includes(codec.toLowerCase())) : codecs
}

/** `avc1.4d401f` as `avc3.4d401f`, `hvc1…` as `hev1…`; nothing else changes. */
function inBand(codec: string, entry: 'avc3' | 'hev1'): string {
  const outOfBand = entry === 'avc3' ? 'avc1.' : 'hvc1.'
  return codec.startsWith(outOfBand) ? `${entry}.${codec.slice(outOfBand.length)}` : codec
}

type AddressOf = (rendition: { readonly name: string }) => string

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
  return { ...common, ...pictureFacts(video), frameRate: video.frameRate }
}

/** What variants and I-frame streams say of their picture. */
export function pictureFacts(
  video: VideoTrack,
): Pick<StreamVariant, 'resolution' | 'videoRange' | 'supplementalCodecs'> {
  return {
    resolution: displaySize(video),
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
export function languageName(tag: string): string | undefined {
  if (tag === 'und' || tag === '') return undefined
  try {
    names ??= new Intl.DisplayNames('en', { type: 'language', fallback: 'none' })
    return names.of(tag)
  } catch {
    return undefined // the container's tag isn't well-formed BCP 47
  }
}
