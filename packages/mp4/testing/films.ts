import type { Demuxer, SampleBatch } from '@cuemux/core'
import { openMp4 } from '../src/index.js'
import { type MovieSpec, memorySource, type TrackSpec, writeMovie } from './movie-writer.js'

/** Twelve frames of 10 ticks with B-frames (I P B B), keyframes every six. */
export const VIDEO: TrackSpec = {
  kind: 'video',
  timescale: 100,
  stts: [[12, 10]],
  ctts: [
    [1, 10],
    [1, 30],
    [2, 0],
    [2, 10],
    [1, 10],
    [1, 30],
    [2, 0],
    [2, 10],
  ],
  sizes: [40, 10, 11, 12, 13, 14, 41, 15, 16, 17, 18, 19],
  chunks: [
    [3, 1],
    [3, 1],
    [3, 1],
    [3, 1],
  ],
  stss: [1, 7],
  edits: [[1200, 10]],
}

/** Sixteen frames of 80 ticks at 1000, the first one priming. */
export const AUDIO: TrackSpec = {
  kind: 'audio',
  timescale: 1000,
  stts: [[16, 80]],
  sizes: Array.from({ length: 16 }, (_, i) => 4 + i),
  chunks: [
    [4, 1],
    [4, 1],
    [4, 1],
    [4, 1],
  ],
  edits: [[1200, 80]],
}

/** Opens a film that is written for it. */
export const open = (spec: MovieSpec): Promise<Demuxer> => openMp4(memorySource(writeMovie(spec)))

/** A film of one track, and all of its samples in one batch. */
export async function only(spec: TrackSpec): Promise<{ demuxer: Demuxer; batch: SampleBatch }> {
  const demuxer = await open({ tracks: [spec] })
  const batches = await demuxer.readSpan({ first: 0, end: demuxer.index.keyframes.count }, [1])
  if (batches.length !== 1) throw new Error(`${batches.length} batches instead of one`)
  return { demuxer, batch: batches[0]! }
}
