/** A chapter of a film. */
export interface Chapter {
  /** From the presentation's beginning, ms. */
  readonly startMs: number
  /** Where it isn't the start of the next one; ms. */
  readonly endMs?: number | undefined
  /** Its title in each language (BCP 47; `und` where it isn't known). */
  readonly titles: readonly { readonly language: string; readonly title: string }[]
}

/** DATA-ID of the EXT-X-SESSION-DATA tag that names a chapter file. */
export const CHAPTERS_DATA_ID = 'com.apple.hls.chapters'

/**
 * Writes a chapter file as Apple's "Providing JavaScript Object Notation (JSON) chapters" has it: an array of entries with
 * `start-time` and `duration` in seconds. Of titles in one language the first is written, as each has to be unique.
 */
export function writeChaptersJson(chapters: readonly Chapter[]): string {
  const entries = chapters.map((chapter, i) => {
    const titles = new Map<string, string>()
    for (const { language, title } of chapter.titles) {
      const tag = language || 'und'
      if (!titles.has(tag)) titles.set(tag, title)
    }
    const lengthMs = chapter.endMs === undefined ? 0 : chapter.endMs - chapter.startMs
    return {
      chapter: i + 1,
      'start-time': secondsOf(chapter.startMs),
      ...(lengthMs > 0 ? { duration: secondsOf(lengthMs) } : {}),
      ...(titles.size > 0 ? { titles: Array.from(titles, ([language, title]) => ({ language, title })) } : {}),
    }
  })
  return `${JSON.stringify(entries, undefined, 2)}\n`
}

function secondsOf(timeMs: number): number {
  return Math.max(0, Math.round(timeMs * 1000)) / 1e6
}
