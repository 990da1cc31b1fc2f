import { rescale } from '@cuemux/core'
import { type DashAudio, type DashRendition, type DashVideo, writeMpd } from '@cuemux/playlist'
import { type PublishedRendition, ratesOf } from './playlists.js'
import { endUs, type StoredSegment, startUs } from './stored-ladder.js'

const US = 1_000_000
/** Sound that is so little before the pictures primes its decoder, or nearly all of it does. */
const PRIMING_US = 100_000

/**
 * `manifest.mpd` of a ladder that is whole; `undefined` for one of transport streams, and for one whose
 * sound has a hole, over which its numbered addresses can't go. The addresses are relative, by the files' paths: they lead somewhere wherever files
 * have paths, and on IPFS in the directory of all of them.
 */
export function ladderManifest(published: readonly PublishedRendition[], target: number): string | undefined {
  if (published.some(({ init, segments }) => init === undefined || hasHole(segments))) return undefined
  const video = published.filter(({ rendition }) => rendition.kind === 'video')
  const zeroUs = beginningUs(video, published)
  const lastUs = Math.max(
    ...published.map(({ rendition, segments }) => {
      const last = segments.at(-1)
      return last === undefined ? 0 : endUs(last, rendition)
    }),
  )
  const period = {
    durationUs: lastUs - zeroUs,
    video: video.map(one => dashVideo(one, target, zeroUs)),
    audio: published.filter(({ rendition }) => rendition.kind === 'audio').map(one => dashAudio(one, target, zeroUs)),
  }
  return writeMpd({ durationUs: period.durationUs, periods: [period] })
}

/** Where the pictures begin, or sound that begins long before them. */
function beginningUs(video: readonly PublishedRendition[], all: readonly PublishedRendition[]): number {
  const earliest = (some: readonly PublishedRendition[]): number =>
    Math.min(...some.flatMap(({ rendition, segments: [one] }) => (one === undefined ? [] : [startUs(one, rendition)])))
  const [pictures, first] = [earliest(video), earliest(all)]
  return pictures - first <= PRIMING_US ? pictures : first
}

function hasHole(segments: readonly StoredSegment[]): boolean {
  const first = segments[0]?.number ?? 0
  return segments.some(({ number }, i) => number !== first + i)
}

function dashRendition(one: PublishedRendition, target: number, zeroUs: number): DashRendition {
  const { rendition, segments } = one
  return {
    id: rendition.name,
    codecs: rendition.codec,
    bandwidthBps: ratesOf(one, target).peakBps,
    timeline: {
      timescale: rendition.timescale,
      presentationTimeOffset: rescale(zeroUs, US, rendition.timescale),
      startNumber: segments[0]?.number ?? 0,
      starts: segments.map(({ start }) => start),
      durations: segments.map(({ duration }) => duration),
    },
  }
}

function dashVideo(one: PublishedRendition, target: number, zeroUs: number): DashVideo {
  const { width = 0, height = 0, frameRate } = one.rendition
  return { ...dashRendition(one, target, zeroUs), width, height, frameRate }
}

function dashAudio(one: PublishedRendition, target: number, zeroUs: number): DashAudio {
  const { language, channels, sampleRate } = one.rendition
  return { ...dashRendition(one, target, zeroUs), language, roles: ['main'], channels, sampleRate }
}
