import type { Findings } from './findings.js'
import { type InitTrack, readInit } from './init.js'
import type { MediaPlaylist } from './playlist.js'
import { accessKind, readSegment, type Sample } from './segments.js'

/** Gives a resource's bytes by its path in the presentation. */
export type Load = (path: string) => Promise<Uint8Array>

/** What is in a rendition, read from its bytes. */
export interface Rendition {
  readonly label: string
  readonly playlist: MediaPlaylist
  readonly tracks: readonly InitTrack[]
  /** All samples of each track, by track id. */
  readonly samples: ReadonlyMap<number, readonly Sample[]>
  /** Init and segments one after another: a file that a decoder reads. */
  readonly file: Uint8Array
  /** Times in the rendition at which segments meet, s after its first. */
  readonly joins: readonly number[]
  /** Highest rate of a run of segments of 0.5 to 1.5 target durations (RFC 8216bis §4.4.6.2), bits/s. */
  readonly peakBps: number
}

/** A presentation's tracks that claim `EXT-X-INDEPENDENT-SEGMENTS` start every segment with a closed GOP. */
export interface RenditionRules {
  readonly independentSegments: boolean
}

/** Loads a rendition and checks what its bytes must keep. */
export async function readRendition(
  playlist: MediaPlaylist,
  load: Load,
  rules: RenditionRules,
  findings: Findings,
): Promise<Rendition> {
  const label = playlist.path
  const init = await load(playlist.map ?? '')
  const tracks = readInit(init, label, findings)
  const parts = [init]
  const samples = new Map<number, Sample[]>(tracks.map(track => [track.id, []]))
  const joins: number[] = []
  let seconds = 0
  for (const entry of playlist.segments) {
    const bytes = await load(entry.path)
    const segment = readSegment(bytes, tracks, entry.path, findings)
    for (const track of tracks) {
      const own = segment.get(track.id) ?? []
      const before = samples.get(track.id) ?? []
      findings.expect(own.length > 0 || track.kind !== 'video', 'every segment has video', entry.path)
      checkContinuity(before.at(-1), own, track, entry.path, findings)
      checkSamples(own, entry.path, findings)
      if (track.kind === 'video') checkAccess(bytes, own, track, entry.path, rules, findings)
      if (track.kind === 'video' || tracks.length === 1) checkDuration(own, track, entry, findings)
      for (const sample of own) before.push(sample)
    }
    parts.push(bytes)
    seconds += entry.seconds
    joins.push(seconds)
  }
  const sizes = parts.slice(1).map(part => part.length)
  return {
    label,
    playlist,
    tracks,
    samples,
    file: Buffer.concat(parts),
    joins: joins.slice(0, -1),
    peakBps: peakRate(sizes, playlist),
  }
}

function checkContinuity(
  last: Sample | undefined,
  own: readonly Sample[],
  track: InitTrack,
  label: string,
  findings: Findings,
): void {
  const first = own[0]
  if (last === undefined || first === undefined) return
  const end = last.dts + last.duration
  const gapMs = ((first.dts - end) * 1000) / track.timescale
  findings.expect(
    first.dts === end,
    'tfdt continues the previous segment',
    `${label}: ${track.kind} starts at ${first.dts}, the previous one ended at ${end} (${gapMs.toFixed(2)} ms)`,
  )
}

function checkSamples(own: readonly Sample[], label: string, findings: Findings): void {
  const negative = own.findIndex(sample => sample.compositionOffset < 0)
  findings.expect(negative < 0, 'no composition offset is negative', `${label}: sample ${negative}`)
  const still = own.findIndex((sample, i) => sample.duration === 0 && i < own.length - 1)
  findings.expect(still < 0, 'every sample has a duration', `${label}: sample ${still}`)
  const shown = new Set(own.map(presentation))
  findings.expect(shown.size === own.length, 'no two samples have one presentation time', label)
}

function checkAccess(
  bytes: Uint8Array,
  own: readonly Sample[],
  track: InitTrack,
  label: string,
  rules: RenditionRules,
  findings: Findings,
): void {
  const first = own[0]
  if (first === undefined) return
  const kind = accessKind(bytes, first, track)
  findings.expect(first.isSync, 'the first sample is marked as sync sample', label)
  const accepted = rules.independentSegments ? ['closed', 'unknown'] : ['closed', 'open', 'unknown']
  findings.expect(accepted.includes(kind), 'the segment starts with a random access point', `${label}: ${kind}`)
  const wrong = own.find(sample => sample.isSync && ['none', 'broken'].includes(accessKind(bytes, sample, track)))
  findings.expect(wrong === undefined, 'samples marked as sync samples are', `${label}: at byte ${wrong?.offset}`)
}

const presentation = (sample: Sample): number => sample.dts + sample.compositionOffset

function checkDuration(
  own: readonly Sample[],
  track: InitTrack,
  entry: { readonly path: string; readonly seconds: number },
  findings: Findings,
): void {
  const [first, last] = [own[0], own.at(-1)]
  if (first === undefined || last === undefined) return
  const frame = Math.max(...own.map(sample => sample.duration)) / track.timescale
  const span = (last.dts + last.duration - first.dts) / track.timescale
  const off = Math.abs(span - entry.seconds)
  findings.expect(
    off <= frame * 1.05 + 0.0015,
    'EXTINF is the true duration',
    `${entry.path}: EXTINF ${entry.seconds}, samples span ${span}`,
  )
  const ends = own.map(sample => presentation(sample) + sample.duration)
  const shown = (Math.max(...ends) - Math.min(...own.map(presentation))) / track.timescale
  findings.expect(
    Math.abs(shown - span) < 2 * frame + 1e-6,
    'presentation and decode times span the same',
    `${entry.path}: ${shown} and ${span}`,
  )
}

function peakRate(sizes: readonly number[], { segments, targetSeconds }: MediaPlaylist): number {
  let peak = 0
  for (let from = 0; from < sizes.length; from++) {
    let [bits, seconds] = [0, 0]
    for (let to = from; to < sizes.length && seconds <= 1.5 * targetSeconds; to++) {
      if (seconds >= 0.5 * targetSeconds) peak = Math.max(peak, bits / seconds)
      bits += (sizes[to] ?? 0) * 8
      seconds += segments[to]?.seconds ?? 0
    }
    if (seconds >= 0.5 * targetSeconds && seconds <= 1.5 * targetSeconds) peak = Math.max(peak, bits / seconds)
  }
  return peak
}
