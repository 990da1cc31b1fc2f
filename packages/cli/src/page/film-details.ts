import type { FilmReport } from 'cuemux'
import { formatBytes, formatDuration } from '../format.js'
import type { FilmEntry } from '../server/film.js'
import { type Chapter, chapterButtons } from './chapters.js'
import { byId } from './dom.js'
import { decisionWords, trackCards } from './tracks.js'

/** Everything about the film but its playing; at first only what the list knows of it. */
export function describeFilm(film: FilmEntry, report: FilmReport | undefined): void {
  const title = report?.title || film.name
  document.title = `${title} · Cuemux`
  byId('title', HTMLElement).textContent = title
  const facts = [
    title === film.name ? '' : film.name,
    report?.durationMs === undefined ? '' : formatDuration(report.durationMs),
    film.sizeBytes === undefined ? '' : formatBytes(film.sizeBytes),
    report?.isTruncated ? 'cut off before its end' : '',
  ]
  byId('facts', HTMLElement).textContent = facts.filter(fact => fact !== '').join(' · ')
  byId('decision', HTMLElement).textContent = report === undefined ? '' : keepNames(decisionWords(report))
  byId('track-cards', HTMLElement).replaceChildren(...(report === undefined ? [] : trackCards(report)))
}

/** Lists the chapters, to go to. */
export function showChapters(chapters: readonly Chapter[], goTo: (seconds: number) => void): void {
  byId('chapter-list', HTMLElement).replaceChildren(...chapterButtons(chapters, goTo))
}

/** Hyphens at which no line breaks: `AC-3` stays one word. */
function keepNames(words: string): string {
  return words.replaceAll('AC-3', 'AC\u20113')
}
