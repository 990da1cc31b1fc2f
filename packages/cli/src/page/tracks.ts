import type { FilmReport } from 'cuemux'
import { formatCodec, formatDuration, formatTrackDetails } from '../format.js'
import { element } from './dom.js'

const ACTIONS: Readonly<Record<string, string>> = { copy: 'Copied', encode: 'Needs encoding', drop: 'Left out' }
const KINDS: Readonly<Record<string, string>> = { video: 'Video', audio: 'Audio', text: 'Subtitles' }

/** Cards of a film's tracks: what each is, and what becomes of it in this browser, with the reason. */
export function trackCards(report: FilmReport): HTMLElement[] {
  return report.tracks.map(track => {
    const decision = report.decisions.find(candidate => candidate.trackId === track.id)
    const card = element('li', 'track')
    const head = element('div', 'track-head')
    head.append(element('span', 'track-kind', KINDS[track.kind] ?? track.kind))
    if (track.language !== 'und') head.append(element('span', 'track-language', languageName(track.language)))
    if (decision !== undefined) {
      // Text becomes other text: no encoder is needed for it.
      const isText = decision.target === 'webvtt'
      const words = isText ? 'Needs conversion' : (ACTIONS[decision.action] ?? decision.action)
      head.append(element('span', `badge badge-${isText ? 'drop' : decision.action}`, words))
    }
    card.append(head)
    const title = track.title === undefined || track.title === '' ? '' : ` · ${track.title}`
    card.append(element('p', 'track-codec', `${formatCodec(track)}${title}`))
    const details = formatTrackDetails(track)
    if (track.codecString !== undefined) details.push(track.codecString)
    if (details.length > 0) card.append(element('p', 'track-details', details.join(' · ')))
    if (decision !== undefined) card.append(element('p', 'track-reason', decision.reason))
    return card
  })
}

/** Buttons that go to a film's chapters. */
export function chapterButtons(report: FilmReport, goTo: (seconds: number) => void): HTMLElement[] {
  return report.chapters.map((chapter, n) => {
    const item = element('li')
    const button = element('button', 'chapter')
    button.type = 'button'
    button.append(element('span', 'chapter-time', formatDuration(chapter.startMs)))
    button.append(element('span', '', chapter.title || `Chapter ${n + 1}`))
    button.addEventListener('click', () => goTo(chapter.startMs / 1000))
    item.append(button)
    return item
  })
}

/** A BCP 47 tag's language in English, the page's own language; the tag itself where it has no name. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(tag) ?? tag
  } catch {
    return tag
  }
}
