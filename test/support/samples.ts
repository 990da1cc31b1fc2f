import type { SampleBatch } from '@cuemux/core'
import { type Media, openMedia } from 'cuemux'

/** All samples of a track, as rows. */
export interface SampleRow {
  readonly dts: number
  readonly pts: number
  readonly duration: number
  readonly size: number
  readonly isSync: boolean
  /** The first 16 bytes, in hexadecimal. */
  readonly head: string
}

/** Rows of batches of one track. */
function rowsOf(batches: readonly SampleBatch[]): SampleRow[] {
  return batches.flatMap(batch =>
    Array.from({ length: batch.count }, (_, i) => ({
      dts: batch.dts[i] ?? 0,
      pts: (batch.dts[i] ?? 0) + (batch.compositionOffset[i] ?? 0),
      duration: batch.duration[i] ?? 0,
      size: batch.size[i] ?? 0,
      isSync: batch.flags[i] === 1,
      head: Buffer.from((batch.data[i] ?? new Uint8Array()).subarray(0, 16)).toString('hex'),
    })),
  )
}

/** A film's samples by track id, read in one span. */
export async function readAllSamples(
  file: string,
): Promise<{ readonly media: Media; readonly rows: Map<number, SampleRow[]> }> {
  const media = await openMedia(file)
  const { tracks, keyframes } = media.index
  const rows = new Map<number, SampleRow[]>()
  for (const { id } of tracks) {
    rows.set(id, rowsOf(await media.demuxer.readSpan({ first: 0, end: keyframes.count }, [id])))
  }
  return { media, rows }
}
