import { lowerBound, STRIDE, viewOf } from './marks.js'
import type { SampleTables } from './tables.js'

/** A duration of `stts`; "negative" ones, which some writers leave behind, count as nothing: time never runs backward. */
export function durationOf(raw: number): number {
  return raw > 0x7fffffff ? 0 : raw
}

/** Decode times: `stts` behind checkpoints of samples and ticks. */
export class TimeRuns {
  readonly view: DataView
  readonly runs: number
  /** Samples that the runs hold. */
  readonly count: number
  /** Ticks that they last. */
  readonly ticks: number
  /** Whether all runs, but for a last one of one sample, have one duration. */
  readonly isConstant: boolean
  /** The first run's duration, ticks. */
  readonly firstDuration: number
  readonly samplesAt: Float64Array
  readonly ticksAt: Float64Array

  constructor(tables: SampleTables) {
    const view = (this.view = viewOf(tables.stts))
    this.runs = tables.stts.length >>> 3
    const marks = Math.max(1, Math.ceil(this.runs / STRIDE))
    this.samplesAt = new Float64Array(marks)
    this.ticksAt = new Float64Array(marks)
    let samples = 0
    let ticks = 0
    let other = 0
    const first = this.runs > 0 ? view.getUint32(4) : 0
    for (let mark = 0, at = 0; mark < marks; mark++) {
      this.samplesAt[mark] = samples
      this.ticksAt[mark] = ticks
      const end = Math.min(this.runs, (mark + 1) * STRIDE) * 8
      // Hot: once per run when a film is opened.
      for (; at < end; at += 8) {
        const count = view.getUint32(at)
        const raw = view.getUint32(at + 4)
        if (raw !== first) other++
        samples += count
        ticks += count * durationOf(raw)
      }
    }
    const last = this.runs * 8 - 8
    if (other === 1 && view.getUint32(last) === 1 && view.getUint32(last + 4) !== first) other = 0
    const isConstant = other === 0
    this.count = samples
    this.ticks = ticks
    this.firstDuration = durationOf(first)
    this.isConstant = isConstant && this.firstDuration > 0
  }

  /** Decode times of samples in increasing order, ticks: one pass, for a table of keyframes. */
  timesOf(samples: Uint32Array): Float64Array {
    const { view, samplesAt, ticksAt } = this
    const times = new Float64Array(samples.length)
    let mark = 0
    // Hot: once per keyframe when a film is opened, and eight runs at most for each.
    for (let i = 0; i < samples.length; i++) {
      const sample = samples[i]!
      while (mark + 1 < samplesAt.length && samplesAt[mark + 1]! <= sample) mark++
      let before = samplesAt[mark]!
      let ticks = ticksAt[mark]!
      for (let at = mark * STRIDE * 8; ; at += 8) {
        const count = view.getUint32(at)
        const duration = durationOf(view.getUint32(at + 4))
        if (before + count > sample) {
          times[i] = ticks + (sample - before) * duration
          break
        }
        before += count
        ticks += count * duration
      }
    }
    return times
  }

  /** The first sample whose decode time is not before `time`; the number of samples when none is. */
  firstAtOrAfter(time: number): number {
    if (time <= 0) return 0
    // Marks may share a time where durations are 0: the last one strictly before it holds the first sample.
    const mark = Math.max(0, lowerBound(this.ticksAt, time) - 1)
    let samples = this.samplesAt[mark]!
    let ticks = this.ticksAt[mark]!
    for (let run = mark * STRIDE; run < this.runs; run++) {
      const count = this.view.getUint32(run * 8)
      const duration = durationOf(this.view.getUint32(run * 8 + 4))
      const next = ticks + count * duration
      if (next >= time) return samples + Math.ceil((time - ticks) / duration)
      samples += count
      ticks = next
    }
    return samples
  }
}
