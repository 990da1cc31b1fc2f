import type { Demuxer, SampleBatch } from '@cuemux/core'
import { expect } from 'vitest'
import { openMpegTs } from '../src/index.js'
import { memorySource, type TsMuxer } from './ts-muxer.js'

/** The PIDs of a muxer's film. */
export const VIDEO = 0x100
export const SOUND = 0x101

/** Opens what a muxer has put together. */
export async function open(muxer: TsMuxer, stride: 188 | 192 | 204 = 188): Promise<Demuxer> {
  return openMpegTs(memorySource(muxer.toBytes(stride)))
}

/** A track's samples, read in spans of some groups. */
export async function readAll(demuxer: Demuxer, trackId: number, step = 1): Promise<SampleBatch[]> {
  const { count } = demuxer.index.keyframes
  const batches: SampleBatch[] = []
  for (let first = 0; first < count; first += step) {
    batches.push(...(await demuxer.readSpan({ first, end: Math.min(count, first + step) }, [trackId])))
  }
  return batches
}

/** When samples show, in ticks. */
export function times(batches: readonly SampleBatch[]): number[] {
  return batches.flatMap(({ dts, compositionOffset }) => Array.from(dts, (time, i) => time + compositionOffset[i]!))
}

/** Asserts that each batch starts where the one before it ends. */
export function expectContinuous(batches: readonly SampleBatch[]): void {
  for (let n = 1; n < batches.length; n++) {
    const { dts, duration, count } = batches[n - 1]!
    expect(batches[n]!.dts[0]).toBe(dts[count - 1]! + duration[count - 1]!)
  }
}
