import type { ByteSource, Chapter, ReadOptions } from '@cuemux/core'
import { SampleColumns } from './cursor.js'
import type { TrackFormat } from './format.js'
import { readRanges, type SampleRange } from './read-span.js'
import { SyncSamples } from './sync-samples.js'

/** A track with more samples than this is no list of chapters. */
export const MAX_CHAPTERS: number = 4096

/** A track whose samples are the titles of chapters (QuickTime's `chap` reference). Plain data. */
export interface ChapterTrack extends TrackFormat {
  /** Ticks per second. */
  readonly timescale: number
}

/** Chapters whose titles are the samples of a track, which are read. */
export async function readChapterTrack(
  source: ByteSource,
  { id, timescale, tables, timeline }: ChapterTrack,
  options: ReadOptions | undefined,
): Promise<Chapter[]> {
  const reader = {
    id,
    timescale,
    descriptionCount: 1,
    columns: new SampleColumns(tables),
    sync: new SyncSamples(tables),
    emptyBytes: 0,
    timeline,
  }
  const range: SampleRange = { reader, first: timeline.first, end: timeline.end }
  const [batch] = await readRanges(source, [range], options)
  if (batch === undefined) return []
  const toMs = (ticks: number): number => (ticks * 1000) / timescale
  return batch.data.map((sample, i) => ({
    startMs: toMs(batch.dts[i]!),
    endMs: toMs(batch.dts[i]! + batch.duration[i]!),
    title: titleOf(sample),
  }))
}

/** QuickTime's text: a length of 16 bits, UTF-8 or, behind a byte order mark, UTF-16 (QTFF, "Text sample data"). */
function titleOf(sample: Uint8Array): string {
  if (sample.length < 2) return ''
  const length = sample[0]! * 256 + sample[1]!
  const text = sample.subarray(2, 2 + length)
  const mark = text.length >= 2 ? text[0]! * 256 + text[1]! : 0
  const encoding = mark === 0xfeff ? 'utf-16be' : mark === 0xfffe ? 'utf-16le' : 'utf-8'
  return new TextDecoder(encoding).decode(text).trim()
}
