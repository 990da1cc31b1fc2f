import { type Demuxer, type GroupStart, isSameDescription, type SampleDescription } from '@cuemux/core'
import type { DescriptionChange } from '@cuemux/planner'
import { isRemote } from './remote.js'

/** How the keyframes of a film are looked at. */
interface Search {
  /** At so many cuts, evenly over the film, it is looked how the video is to be decoded. */
  readonly places: number
  /** Where two neighbours differ, so many keyframes between them are looked at at once. */
  readonly between: number
  /** No more keyframes than this are looked at. */
  readonly most: number
}

const NEAR: Search = { places: 16, between: 1, most: Number.POSITIVE_INFINITY }
/** A look is a request as a rule, and what is looked at at once a round trip. */
const FAR: Search = { places: 8, between: 3, most: 48 }

/**
 * Where the way to decode the video changes. An MP4's index tells of several sample entries. Of another film some
 * keyframes all over it are looked at, and where two neighbours differ it is searched between them, so that a change that
 * lasts is found to the keyframe; one that is taken back between two looks stays in the samples, as it is in the source.
 *
 * Of a remote film that is done where the keyframe that was looked at anyway, near its end, has other parameter sets than the
 * index: a film that ends as it begins is taken to have none between, so that opening it costs no request more. 48 looks
 * are the most; what they leave open counts from the later keyframe on, and the samples before it have their sets as in
 * the source.
 *
 * @param cuts numbers of the keyframes at which the film is cut
 * @param look what {@link lookAtKeyframe} has found
 */
export async function findChanges(
  demuxer: Demuxer,
  cuts: Uint32Array,
  seekCostBytes: number,
  look: GroupStart | undefined,
): Promise<readonly DescriptionChange[]> {
  const { keyframes, tracks } = demuxer.index
  const track = tracks.find(({ id }) => id === keyframes.trackId)
  if (track?.kind !== 'video') return []
  if (keyframes.description !== undefined) return indexedChanges(keyframes.description, track.descriptions)
  if (cuts.length < 2 || tracks.length === 0) return []
  if (!isRemote(seekCostBytes)) return searchChanges(readNear(demuxer), cuts, NEAR)
  // The index of a transport stream has what was met when it was made.
  const isTold = demuxer.index.container === 'mpegts' && look?.bringsSets === true
  return isTold || look?.description !== undefined ? searchChanges(readFar(demuxer), cuts, FAR) : []
}

function indexedChanges(column: Uint16Array, descriptions: readonly SampleDescription[]): DescriptionChange[] {
  const changes: DescriptionChange[] = []
  let before = 0
  column.forEach((number, keyframe) => {
    if (number !== before) changes.push({ keyframe, description: number === 0 ? undefined : descriptions[number] })
    before = number
  })
  return changes
}

/** What decodes the groups of pictures of some keyframes, in their order. */
type Read = (keyframes: readonly number[]) => Promise<readonly GroupStart[]>

const INSIDE = { looksInside: true, ignoresLeads: true }

function readNear(demuxer: Demuxer): Read {
  return keyframes => demuxer.readGroupStarts(keyframes, INSIDE)
}

/** Reads all at once: one round trip. One that fails ends the others. */
function readFar(demuxer: Demuxer): Read {
  return async keyframes => {
    const ending = new AbortController()
    const options = { ...INSIDE, signal: ending.signal }
    try {
      const starts = await Promise.all(keyframes.map(keyframe => demuxer.readGroupStarts([keyframe], options)))
      return starts.flat()
    } finally {
      ending.abort()
    }
  }
}

async function searchChanges(read: Read, cuts: Uint32Array, search: Search): Promise<DescriptionChange[]> {
  const lookAt = async (keyframes: readonly number[]): Promise<DescriptionChange[]> => {
    const starts = await read(keyframes)
    return keyframes.map((keyframe, i) => ({ keyframe, description: starts[i]?.description }))
  }
  let looks = await lookAt(evenly(cuts, search.places))
  for (;;) {
    const wanted = inGaps(looks, search.between).slice(0, search.most - looks.length)
    if (wanted.length === 0) break
    looks = [...looks, ...(await lookAt(wanted))].sort((a, b) => a.keyframe - b.keyframe)
  }
  return looks.filter(({ description }, i) => !isSameDescription(description, looks[i - 1]?.description))
}

/** At most so many of some cuts, the first and the last among them. */
function evenly(cuts: Uint32Array, count: number): number[] {
  if (cuts.length <= count) return Array.from(cuts)
  return Array.from({ length: count }, (_, i) => cuts[Math.round((i * (cuts.length - 1)) / (count - 1))] ?? 0)
}

/** Keyframes between each two looks that differ, at most so many. */
function inGaps(looks: readonly DescriptionChange[], count: number): number[] {
  return looks.flatMap(({ keyframe: high, description }, i) => {
    const low = looks[i - 1]
    if (low === undefined || isSameDescription(low.description, description)) return []
    const distance = high - low.keyframe
    const step = Math.max(1, distance / (count + 1))
    return Array.from({ length: Math.min(count, distance - 1) }, (_, n) => low.keyframe + Math.floor((n + 1) * step))
  })
}
