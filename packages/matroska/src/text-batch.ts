import { createSampleBatch, SAMPLE_SYNC, type SampleBatch, type Track } from '@cuemux/core'

/** How long a text without a duration is shown, ms. */
const TEXT_MS = 4000

/** Texts in any order, as columns. */
export interface TextRows {
  /** Presentation times, ticks of the track. */
  readonly pts: readonly number[]
  readonly data: readonly Uint8Array[]
  /** How long each is shown, ticks of the track; -1 where it isn't told. */
  readonly duration: readonly number[]
  /** What lies beside some of them, by their row. */
  readonly additions: ReadonlyMap<number, Uint8Array>
  /** Presentation time of the text that comes after them, where there is one. */
  readonly next: number | undefined
}

/** Texts as a batch, in the order of their times: they may overlap, and pauses lie between them. */
export function makeTextBatch(track: Pick<Track, 'id' | 'timescale' | 'containerCodec'>, rows: TextRows): SampleBatch {
  const { pts, duration, next } = rows
  const count = pts.length
  const batch = createSampleBatch(track.id, track.timescale, count)
  const texts = track.containerCodec.startsWith('D_WEBVTT') ? splitWebmCues(rows) : rows
  const order = pts.map((_, i) => i).sort((a, b) => pts[a]! - pts[b]! || a - b)
  order.forEach((row, i) => {
    const time = pts[row]!
    batch.dts[i] = time
    const following = order[i + 1]
    const untilNext = (following === undefined ? (next ?? Number.POSITIVE_INFINITY) : pts[following]!) - time
    const fallback = Math.min(untilNext, Math.round((TEXT_MS * track.timescale) / 1000))
    batch.duration[i] = duration[row]! >= 0 ? duration[row]! : fallback
    batch.size[i] = texts.data[row]!.length
    batch.flags[i] = SAMPLE_SYNC
    batch.data.push(texts.data[row]!)
  })
  const { additions } = texts
  return additions.size === 0 ? batch : { ...batch, additions: order.map(row => additions.get(row)) }
}

const NEWLINE = 10

/**
 * WebVTT as WebM has it: identifier and settings are the first two lines of the block. They are put where Matroska's
 * S_TEXT/WEBVTT has them, settings first.
 */
function splitWebmCues({ data }: TextRows): Pick<TextRows, 'data' | 'additions'> {
  const additions = new Map<number, Uint8Array>()
  const texts = data.map((cue, row) => {
    const first = cue.indexOf(NEWLINE)
    const second = first < 0 ? -1 : cue.indexOf(NEWLINE, first + 1)
    if (second < 0) return cue
    const addition = new Uint8Array(second + 1)
    addition.set(cue.subarray(first + 1, second + 1))
    addition.set(cue.subarray(0, first + 1), second - first)
    if (second > 1) additions.set(row, addition)
    return cue.subarray(second + 1)
  })
  return { data: texts, additions }
}
