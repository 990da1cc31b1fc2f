import { averageRate, peakRate } from '@cuemux/planner'
import {
  type IFrameStream,
  type MediaRendition,
  type PlaylistSegment,
  type StreamVariant,
  writeIFramePlaylist,
  writeMediaPlaylist,
  writeMultivariantPlaylist,
} from '@cuemux/playlist'
import type { StoredFile } from '@cuemux/store'
import { languageName } from '../documents/master.js'
import type { LadderRendition } from './model.js'
import { durationUs, endUs, type StoredSegment, startUs } from './stored-ladder.js'

const AUDIO_GROUP = 'audio'

/** How a playlist names a stored file. */
export type AddressOf = (file: StoredFile) => string

/** What is published of a rendition by now. */
export interface PublishedRendition {
  readonly rendition: LadderRendition
  readonly init: StoredFile | undefined
  /** In order; numbers are left out where a sound has nothing. */
  readonly segments: readonly StoredSegment[]
}

/** A rendition with what it takes. */
export interface Rates {
  readonly peakBps: number
  readonly averageBps: number
}

/** EXT-X-TARGETDURATION, s: the rounded longest segment (RFC 8216bis §4.4.3.1). */
export function targetDuration(targetDurationMs: number, published: readonly PublishedRendition[]): number {
  let target = Math.max(1, Math.round(targetDurationMs / 1000))
  for (const { rendition, segments } of published) {
    for (const segment of segments) target = Math.max(target, Math.round(durationUs(segment, rendition) / 1e6))
  }
  return target
}

/** A rendition's media playlist: EVENT while segments are added, VOD when there are all. */
export function mediaPlaylist(
  { rendition, init, segments }: PublishedRendition,
  options: { readonly target: number; readonly isEnded: boolean; readonly addressOf: AddressOf },
): string {
  const { target, isEnded, addressOf } = options
  const hasHole = segments.some(({ number }, i) => number !== (segments[0]?.number ?? 0) + i)
  return writeMediaPlaylist({
    targetDuration: target,
    // RFC 8216bis §8: EXT-X-GAP needs version 8.
    version: hasHole ? 8 : undefined,
    type: isEnded ? 'VOD' : 'EVENT',
    isEnded,
    hasIndependentSegments: true,
    // Sound that begins late: its segments are numbered as the picture's.
    mediaSequence: segments[0]?.number ?? 0,
    ...(init === undefined ? {} : { map: { uri: addressOf(init) } }),
    segments: segments.flatMap((segment, i) => [
      ...gapBefore(segment, segments[i - 1], rendition, addressOf),
      { uri: addressOf(segment.file), durationUs: durationUs(segment, rendition) },
    ]),
  })
}

/** EXT-X-GAP for each number that has no segment (RFC 8216bis §4.4.4.7): the time goes on, and the numbers stay in step. */
function gapBefore(
  segment: StoredSegment,
  before: StoredSegment | undefined,
  rendition: LadderRendition,
  addressOf: AddressOf,
): PlaylistSegment[] {
  const count = before === undefined ? 0 : segment.number - before.number - 1
  if (before === undefined || count === 0) return []
  const gapUs = Math.max(0, startUs(segment, rendition) - endUs(before, rendition))
  return Array.from({ length: count }, (_, i) => ({
    uri: addressOf(segment.file),
    durationUs: Math.round((gapUs * (i + 1)) / count) - Math.round((gapUs * i) / count),
    isGap: true,
  }))
}

/** What the segments of a rendition take; what its encoder aims at while there is none. */
export function ratesOf({ rendition, segments }: PublishedRendition, target: number): Rates {
  if (segments.length === 0) return { peakBps: rendition.maxBitrateBps, averageBps: rendition.bitrateBps }
  const bytes = Float64Array.from(segments, ({ file }) => file.sizeBytes)
  const durations = Float64Array.from(segments, segment => durationUs(segment, rendition))
  return { peakBps: peakRate(bytes, durations, target), averageBps: averageRate(bytes, durations) }
}

/** A rendition with its media playlist. */
export interface ListedRendition extends PublishedRendition {
  readonly playlist: StoredFile
  /** Its playlist of I-frames. */
  readonly iFrames?: StoredFile | undefined
}

/**
 * The multivariant playlist. While the ladder grows, BANDWIDTH is what the encoders are held to, unless more was measured: a
 * player must not learn of a higher peak later, and the playlist stays as it is. At the end all rates are measured.
 */
export function masterPlaylist(
  listed: readonly ListedRendition[],
  options: { readonly target: number; readonly isEnded: boolean; readonly addressOf: AddressOf },
): string {
  const { target, isEnded, addressOf } = options
  const rated = listed.map(one => {
    const measured = ratesOf(one, target)
    const { maxBitrateBps, bitrateBps } = one.rendition
    if (isEnded) return { ...one, ...measured }
    return { ...one, peakBps: Math.max(maxBitrateBps, measured.peakBps), averageBps: bitrateBps }
  })
  const video = rated.filter(({ rendition }) => rendition.kind === 'video')
  const sounds = rated.filter(({ rendition }) => rendition.kind === 'audio')
  // Sound alone is its own variants.
  const mains = video.length > 0 ? video : sounds
  const group = video.length > 0 ? sounds : []
  const heaviest: Rates = {
    peakBps: Math.max(0, ...group.map(({ peakBps }) => peakBps)),
    averageBps: Math.max(0, ...group.map(({ averageBps }) => averageBps)),
  }
  const codecs = [...new Set(group.map(({ rendition }) => rendition.codec))]
  return writeMultivariantPlaylist({
    hasIndependentSegments: true,
    renditions: group.map((one, i) => ({
      ...soundEntry(one.rendition, addressOf(one.playlist), i === 0),
      name: soundName(one.rendition, sounds),
    })),
    variants: mains.map(
      ({ rendition, playlist, peakBps, averageBps }): StreamVariant => ({
        uri: addressOf(playlist),
        bandwidthBps: Math.ceil(peakBps + heaviest.peakBps),
        averageBandwidthBps: Math.ceil(averageBps + heaviest.averageBps),
        codecs: [rendition.codec, ...codecs],
        resolution: resolutionOf(rendition),
        frameRate: rendition.frameRate && rendition.frameRate[0] / rendition.frameRate[1],
        audioGroup: group.length > 0 ? AUDIO_GROUP : undefined,
      }),
    ),
    iFrameStreams: video.flatMap(one => iFrameStream(one, addressOf) ?? []),
  })
}

const LAYOUTS: Readonly<Record<number, string>> = { 1: 'Mono', 2: 'Stereo', 6: '5.1', 8: '7.1' }

/** What people call a sound: its title, its language, or its layout; also the layout where another one is called the same. */
function soundName(rendition: LadderRendition, all: readonly PublishedRendition[]): string {
  const base = ({ title, language = 'und' }: LadderRendition): string | undefined => title ?? languageName(language)
  const own = base(rendition)
  const { channels = 0 } = rendition
  const layout = LAYOUTS[channels] ?? (channels > 0 ? `${channels} channels` : rendition.name)
  if (own === undefined) return layout
  const isAlone = all.filter(one => base(one.rendition) === own).length === 1
  return isAlone ? own : `${own} (${layout})`
}

function soundEntry(rendition: LadderRendition, uri: string, isDefault: boolean): Omit<MediaRendition, 'name'> {
  const { language = 'und', channels } = rendition
  return {
    type: 'AUDIO',
    groupId: AUDIO_GROUP,
    language,
    isDefault,
    isAutoselect: true,
    channels: channels === undefined ? undefined : String(channels),
    uri,
  }
}

function resolutionOf({ width, height }: LadderRendition): { width: number; height: number } | undefined {
  return width === undefined || height === undefined ? undefined : { width, height }
}

interface Keyframe {
  readonly segment: StoredSegment
  readonly range: NonNullable<StoredSegment['keyframeRange']>
  readonly durationUs: number
}

/** The keyframes that segments begin with, each shown until the next; none where one's place isn't known. */
function keyframesOf({ rendition, segments }: PublishedRendition): readonly Keyframe[] {
  if (rendition.kind !== 'video') return []
  const keyframes = segments.flatMap((segment, i): Keyframe[] => {
    const next = segments[i + 1]
    const untilUs = next === undefined ? endUs(segment, rendition) : startUs(next, rendition)
    const shownUs = Math.max(1, untilUs - startUs(segment, rendition))
    return segment.keyframeRange === undefined ? [] : [{ segment, range: segment.keyframeRange, durationUs: shownUs }]
  })
  return keyframes.length === segments.length ? keyframes : []
}

/** The I-frames of a picture that is whole, as byte ranges of its segments; `undefined` where they aren't known. */
export function iFramePlaylist(one: PublishedRendition, target: number, addressOf: AddressOf): string | undefined {
  const keyframes = keyframesOf(one)
  if (keyframes.length === 0) return undefined
  return writeIFramePlaylist({
    targetDuration: target,
    ...(one.init === undefined ? {} : { map: { uri: addressOf(one.init) } }),
    frames: keyframes.map(keyframe => ({
      uri: addressOf(keyframe.segment.file),
      byteRange: { offsetBytes: keyframe.range.offset, lengthBytes: keyframe.range.length },
      durationUs: keyframe.durationUs,
    })),
  })
}

function iFrameStream(one: ListedRendition, addressOf: AddressOf): IFrameStream | undefined {
  if (one.iFrames === undefined) return undefined
  const keyframes = keyframesOf(one)
  const peakBps = Math.max(...keyframes.map(({ range, durationUs: us }) => (range.length * 8e6) / us))
  const bytes = keyframes.reduce((sum, { range }) => sum + range.length, 0)
  const us = keyframes.reduce((sum, keyframe) => sum + keyframe.durationUs, 0)
  return {
    uri: addressOf(one.iFrames),
    bandwidthBps: Math.ceil(peakBps),
    averageBandwidthBps: Math.ceil((bytes * 8e6) / us),
    codecs: [one.rendition.codec],
    resolution: resolutionOf(one.rendition),
  }
}
