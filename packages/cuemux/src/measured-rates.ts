import type { Demuxer, MediaIndex, Track } from '@cuemux/core'
import { isRemote } from './remote.js'

/** Groups of pictures that are read of a film to see what its tracks take. */
const LOOKS = 3
const NO_CUTS = new Uint32Array(0)
/** Codecs whose stated rate, if any, is that of the sound before it was packed. */
const LOSSLESS: ReadonlySet<Track['codec']> = new Set<Track['codec']>(['flac', 'alac', 'truehd'])

/**
 * The index with measured bit rates for the tracks that are not sent as they are in the film. What the others take is found
 * by taking these from the film's bytes, where its index doesn't tell them apart (Matroska, transport streams), and what
 * nothing tells of is measured at some places. A remote film's rates stay what such tracks have as a rule.
 */
export async function withMeasuredRates(
  demuxer: Demuxer,
  index: MediaIndex,
  isSent: (track: Track) => boolean,
  seekCostBytes: number,
): Promise<MediaIndex> {
  const { count, time, timescale, trackId } = index.keyframes
  const unknown = index.tracks.filter(track => track.kind !== 'text' && !isSent(track) && !isStated(track))
  if (unknown.length === 0 || isRemote(seekCostBytes) || count < 2 || index.foundBy === 'probe') return index
  const tellsSizes = demuxer.spanSizes(trackId, NO_CUTS) !== undefined
  if (tellsSizes) return index
  const bytes = new Map<number, number>()
  let seconds = 0
  for (let look = 0; look < LOOKS; look++) {
    const first = Math.min(count - 2, Math.floor((look * count) / LOOKS))
    seconds += ((time[first + 1] ?? 0) - (time[first] ?? 0)) / timescale
    const ids = unknown.map(({ id }) => id)
    for (const batch of await demuxer.readSpan({ first, end: first + 1 }, ids)) {
      const own = batch.size.reduce((sum, size) => sum + size, bytes.get(batch.trackId) ?? 0)
      bytes.set(batch.trackId, own)
    }
  }
  const rated = (track: Track): Track => {
    const own = bytes.get(track.id)
    return own === undefined || seconds <= 0 ? track : { ...track, bitrateBps: Math.round((own * 8) / seconds) }
  }
  return { ...index, tracks: index.tracks.map(track => (unknown.includes(track) ? rated(track) : track)) }
}

function isStated({ bitrateBps, codec }: Track): boolean {
  return bitrateBps !== undefined && bitrateBps > 0 && !LOSSLESS.has(codec)
}
