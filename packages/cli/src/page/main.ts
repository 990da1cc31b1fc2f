import type { FilmReport } from 'cuemux'
import { formatBytes, formatDuration } from '../format.js'
import type { FilmEntry } from '../server/film.js'
import { browserTypeTest, measureClient } from './capabilities.js'
import { byId } from './dom.js'
import { Figures } from './figures.js'
import { showFilms } from './film-list.js'
import { Player, playMethod } from './player.js'
import { fetchFilms, fetchReport } from './server-api.js'
import { chapterButtons, trackCards } from './tracks.js'

const video = byId('video', HTMLVideoElement)
const player = new Player(video, showPlayError)
const figures = new Figures(video)
let films: readonly FilmEntry[] = []
let choosing = new AbortController()

/** The film of the address, as in `/#1f2e3d4c5b6a`. */
const chosenId = (): string => location.hash.slice(1)

function showError(words: string): void {
  const box = byId('error', HTMLElement)
  box.textContent = words
  box.hidden = words === ''
}

/** A film of which nothing has come has no picture to keep in sight. */
function showPlayError(words: string): void {
  document.body.classList.toggle('is-broken', video.readyState === HTMLMediaElement.HAVE_NOTHING)
  showError(words)
}

/** Shows the film of the address, or the list alone. */
async function choose(): Promise<void> {
  choosing.abort()
  choosing = new AbortController()
  const { signal } = choosing
  showError('')
  document.body.classList.remove('is-broken')
  showFilms(films, chosenId())
  const film = films.find(candidate => candidate.id === chosenId())
  document.body.classList.toggle('has-film', film !== undefined)
  if (film === undefined) {
    player.stop()
    document.title = 'Cuemux'
    if (chosenId() !== '') showError('This film is not here, or not any more.')
    return
  }
  toggleList(false)
  describeFilm(film, undefined)
  try {
    await playFilm(film, signal)
  } catch (error) {
    if (signal.aborted) return
    player.stop()
    showPlayError(error instanceof Error ? error.message : String(error))
  }
}

async function playFilm(film: FilmEntry, signal: AbortSignal): Promise<void> {
  const method = playMethod(video)
  const { client, report } = await measureFor(film, signal)
  signal.throwIfAborted()
  describeFilm(film, report)
  if (method === 'none') throw new Error('This browser plays no HLS: it has neither media sources nor HLS of its own.')
  figures.watch(player.play(film, client, method))
  window.scrollTo({ top: 0 })
  // Browsers allow it only after a click on the page; else the viewer presses play.
  video.play().catch(() => {})
}

/** What this browser plays, and what becomes of the film for it. */
async function measureFor(film: FilmEntry, signal: AbortSignal): Promise<{ client: string; report: FilmReport }> {
  const isSupported = browserTypeTest()
  if (isSupported === undefined) return { client: 'safari', report: await fetchReport(film, 'safari', signal) }
  const general = measureClient(isSupported).join() || 'browser'
  const report = await fetchReport(film, general, signal)
  const codecs = report.tracks.map(track => track.codecString).filter(codec => codec !== undefined)
  const client = measureClient(isSupported, codecs).join() || 'browser'
  // A profile or level of this film that the browser plays, though none of the general questions covers it.
  return { client, report: client === general ? report : await fetchReport(film, client, signal) }
}

/** Everything about the film but its playing; at first only what the list knows of it. */
function describeFilm(film: FilmEntry, report: FilmReport | undefined): void {
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
  byId('tracks', HTMLElement).replaceChildren(...(report === undefined ? [] : trackCards(report)))
  const goTo = (seconds: number): void => {
    video.currentTime = seconds
  }
  byId('chapters', HTMLElement).replaceChildren(...(report === undefined ? [] : chapterButtons(report, goTo)))
  byId('chapters-section', HTMLElement).hidden = report === undefined || report.chapters.length === 0
}

/** On a narrow screen the list folds away while a film plays. */
function toggleList(isOpen: boolean): void {
  byId('list-toggle', HTMLElement).setAttribute('aria-expanded', String(isOpen))
  document.body.classList.toggle('list-open', isOpen)
}

async function start(): Promise<void> {
  byId('list-toggle', HTMLElement).addEventListener('click', () => {
    toggleList(!document.body.classList.contains('list-open'))
  })
  byId('filter', HTMLInputElement).addEventListener('input', () => showFilms(films, chosenId()))
  window.addEventListener('hashchange', () => void choose())
  try {
    films = await fetchFilms()
  } catch (error) {
    showError(error instanceof Error ? error.message : String(error))
    return
  }
  const [first] = films
  // Replaced, not pushed: the way back leads out of the page, not to an empty one.
  if (first !== undefined && chosenId() === '') history.replaceState(null, '', `#${first.id}`)
  await choose()
}

void start()
