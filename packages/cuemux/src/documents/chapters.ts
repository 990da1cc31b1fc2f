import { rescale } from '@cuemux/core'
import { writeChaptersJson } from '@cuemux/playlist'
import type { PlannedFilm } from '../planned-film.js'

/** Where the chapter file is. */
export const CHAPTERS_PATH = 'chapters.json'

/** The film's chapters as Apple's players and others read them, on the presentation's timeline; `undefined` without any. */
export async function chaptersDocument({ demuxer, plan, clip }: PlannedFilm): Promise<string | undefined> {
  const chapters = await demuxer.readChapters()
  if (chapters.length === 0) return undefined
  const { zero } = plan.timeline
  const zeroMs = rescale(zero.ticks, zero.timescale, 1000)
  const lastMs = clip === undefined ? Number.POSITIVE_INFINITY : clip.toUs / 1000
  const shown = chapters.filter(({ startMs, endMs }) => startMs < lastMs && (endMs === undefined || endMs > zeroMs))
  if (shown.length === 0) return undefined
  return writeChaptersJson(
    shown.map(({ startMs, endMs, title }) => ({
      startMs: Math.max(0, startMs - zeroMs),
      endMs: endMs === undefined ? undefined : Math.min(endMs, lastMs) - zeroMs,
      titles: title === '' ? [] : [{ language: 'und', title }],
    })),
  )
}
