import type { FilmReport } from 'cuemux'
import { formatDuration } from '../format.js'
import { element } from './dom.js'

/** A chapter on the presentation's timeline. */
export interface Chapter {
  /** s. */
  readonly start: number
  readonly title: string
}

/** As many as a menu can show; films have a few dozen. */
const MAX_CHAPTERS = 500

/** Chapters of a chapter file (`com.apple.hls.chapters`), in the order of their times; what isn't one is left out. */
export function readChapterFile(file: unknown): Chapter[] {
  if (!Array.isArray(file)) return []
  const chapters: Chapter[] = []
  for (const entry of file.slice(0, MAX_CHAPTERS) as readonly unknown[]) {
    const { 'start-time': start, titles } = (entry ?? {}) as { 'start-time'?: unknown; titles?: unknown }
    if (typeof start !== 'number' || !Number.isFinite(start)) continue
    chapters.push({ start: Math.max(0, start), title: titleIn(titles) || `Chapter ${chapters.length + 1}` })
  }
  return chapters.sort((a, b) => a.start - b.start)
}

/** The title in the viewer's language, else the first. */
function titleIn(titles: unknown): string {
  if (!Array.isArray(titles)) return ''
  const known = (titles as readonly unknown[]).flatMap(entry => {
    const { language, title } = (entry ?? {}) as { language?: unknown; title?: unknown }
    return typeof title === 'string' ? [{ title, language: String(language) }] : []
  })
  const own = navigator.languages.map(tag => tag.split('-', 1)[0])
  return (known.find(({ language }) => own.includes(language.split('-', 1)[0])) ?? known[0])?.title ?? ''
}

/** The chapters of the film's own report, for browsers that play HLS by themselves and show no chapter file. */
export function reportedChapters(report: FilmReport): Chapter[] {
  return report.chapters.slice(0, MAX_CHAPTERS).map(({ startMs, title }, n) => ({
    start: startMs / 1000,
    title: title || `Chapter ${n + 1}`,
  }))
}

/** The chapter that plays at a time, s. */
export function chapterAt(chapters: readonly Chapter[], seconds: number): Chapter | undefined {
  return chapters.findLast(({ start }) => start <= seconds + 0.001)
}

/** Buttons that go to the chapters. */
export function chapterButtons(chapters: readonly Chapter[], goTo: (seconds: number) => void): HTMLElement[] {
  return chapters.map(({ start, title }) => {
    const item = element('li')
    const button = element('button', 'chapter')
    button.type = 'button'
    button.append(element('span', 'chapter-time', formatDuration(1000 * start)), element('span', '', title))
    button.addEventListener('click', () => goTo(start))
    item.append(button)
    return item
  })
}
