import type { Demuxer, SampleDescription } from '@cuemux/core'
import type { DescriptionChange } from '@cuemux/planner'
import { isRemote } from './remote.js'

/** At so many of a near film's cuts it is looked how its video is to be decoded. */
const LOOKS = 16

/**
 * Where the way to decode the video changes. An MP4's index tells of several sample entries. Of another near film some
 * keyframes all over it are looked at, and where two neighbours differ it is searched between them, so that a change that lasts is found to the
 * keyframe; one that is taken back between two looks stays in the samples, as it is in the source. A remote film isn't
 * looked at, as each look would be a request: its sets stay in the samples.
 */
export async function findChanges(
  demuxer: Demuxer,
  cuts: Uint32Array,
  seekCostBytes: number,
): Promise<readonly DescriptionChange[]> {
  const { keyframes, tracks } = demuxer.index
  const track = tracks.find(({ id }) => id === keyframes.trackId)
  if (track?.kind !== 'video') return []
  if (keyframes.description !== undefined) return indexedChanges(keyframes.description, track.descriptions)
  if (isRemote(seekCostBytes) || cuts.length < 2 || tracks.length === 0) return []
  return searchChanges(demuxer, evenly(cuts, LOOKS))
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

function evenly(cuts: Uint32Array, count: number): number[] {
  if (cuts.length <= count) return Array.from(cuts)
  return Array.from({ length: count }, (_, i) => cuts[Math.round((i * (cuts.length - 1)) / (count - 1))] ?? 0)
}

interface Look {
  readonly keyframe: number
  readonly description: SampleDescription | undefined
}

async function searchChanges(demuxer: Demuxer, looks: readonly number[]): Promise<DescriptionChange[]> {
  const starts = await demuxer.readGroupStarts(looks, { looksInside: true })
  const changes: DescriptionChange[] = []
  let before: Look | undefined
  for (const [i, keyframe] of looks.entries()) {
    const here: Look = { keyframe, description: starts[i]?.description }
    if (before === undefined) {
      if (here.description !== undefined) changes.push(here)
    } else changes.push(...(await changesBetween(demuxer, before, here)))
    before = here
  }
  return changes
}

/** All changes after `low` up to and with `high` that halving finds. */
async function changesBetween(demuxer: Demuxer, low: Look, high: Look): Promise<DescriptionChange[]> {
  if (isSame(low.description, high.description)) return []
  if (high.keyframe === low.keyframe + 1) return [high]
  const keyframe = (low.keyframe + high.keyframe) >> 1
  const [start] = await demuxer.readGroupStarts([keyframe], { looksInside: true })
  const middle: Look = { keyframe, description: start?.description }
  return [...(await changesBetween(demuxer, low, middle)), ...(await changesBetween(demuxer, middle, high))]
}

function isSame(a: SampleDescription | undefined, b: SampleDescription | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || a.config.byteLength !== b.config.byteLength) return false
  return a.config.every((byte, i) => byte === b.config[i])
}
