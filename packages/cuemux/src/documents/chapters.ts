import { rescale } from '@cuemux/core'
import { writeChaptersJson } from '@cuemux/playlist'
import type { PlannedFilm } from '../planned-film.js'

/** Where the chapter file is. */
export const CHAPTERS_PATH = 'chapters.json'

/** The film's chapters as Apple's players and others read them, on the presentation's timeline; `undefined` without any. */
export async function chaptersDocument({ demuxer, plan }: PlannedFilm): Promise<string | undefined> {
  const chapters = await demuxer.readChapters()
  if (chapters.length === 0) return undefined
  const { zero } = plan.timeline
  const zeroMs = rescale(zero.ticks, zero.timescale, 1000)
  const shown = chapters.filter(({ endMs }) => endMs === undefined || endMs > zeroMs)
  return writeChaptersJson(
    shown.map(({ startMs, endMs, title }) => ({
      startMs: Math.max(0, startMs - zeroMs),
      endMs: endMs === undefined ? undefined : endMs - zeroMs,
      titles: title === '' ? [] : [{ language: 'und', title }],
    })),
  )
}
