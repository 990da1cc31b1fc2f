import type { FilmReport, StartedSession } from 'cuemux'
import type Hls from 'hls.js'
import type { FilmEntry } from '../server/film.js'
import { browserTypeTest, measureClient } from './capabilities.js'
import { Captions } from './captions.js'
import { type Chapter, reportedChapters } from './chapters.js'
import { Choices } from './choices.js'
import { Controls } from './controls/controls.js'
import { type KeyTargets, listenToKeys, skip } from './controls/keys.js'
import { Notices } from './controls/notices.js'
import { watchVisibility } from './controls/visibility.js'
import { byId } from './dom.js'
import { Figures } from './figures.js'
import { describeFilm, showChapters } from './film-details.js'
import { showFilms } from './film-list.js'
import { keepPosition, readPosition } from './memory.js'
import { PlanTab } from './plan-tab.js'
import { Player, playMethod } from './player.js'
import {
  fetchChapters,
  fetchFilmList,
  fetchPlan,
  fetchReport,
  fetchTiles,
  isPlanned,
  type PlannedFilm,
  withClient,
} from './server-api.js'
import { leaveSession, startSession } from './session-api.js'
import { Tabs } from './tabs.js'

/** How often the place in the film is kept while it plays, ms. */
const KEEP_EVERY_MS = 5000

const video = byId('video', HTMLVideoElement)
const choices = new Choices(new Captions(video, byId('captions', HTMLElement)), () => controls.refresh())
const controls: Controls = new Controls(video, choices)
const notices = new Notices(video)
const figures = new Figures(video)
const planTab = new PlanTab(video)
const tabs = new Tabs(byId('tabs', HTMLElement), id => {
  if (id === 'plan') void planTab.show()
})
const player = new Player(video, {
  onError: words => notices.fail(words, () => void choose(video.currentTime)),
  onTracks: () => {
    choices.apply()
    controls.refresh()
  },
  onChapterFile: address => void loadChapters(address),
})

let films: readonly FilmEntry[] = []
/** Where the server plays films through sessions, and the one in which this page is. */
let sessions: string | undefined
let session: StartedSession | undefined
let choosing = new AbortController()
let playing: FilmEntry | undefined
let report: FilmReport | undefined

/** The film of the address, as in `/#1f2e3d4c5b6a`. */
const chosenId = (): string => location.hash.slice(1)

function showError(words: string): void {
  const box = byId('error', HTMLElement)
  box.textContent = words
  box.hidden = words === ''
}

/**
 * Shows the film of the address, or the list alone.
 *
 * @param resumeAt where to go on after an error, s
 */
async function choose(resumeAt?: number): Promise<void> {
  choosing.abort()
  choosing = new AbortController()
  const { signal } = choosing
  keepPlace()
  player.stop()
  leave()
  playing = undefined
  report = undefined
  showError('')
  notices.clear()
  watchAll(undefined)
  showFilms(films, chosenId())
  const film = films.find(candidate => candidate.id === chosenId())
  document.body.classList.toggle('has-film', film !== undefined)
  if (film === undefined) {
    document.title = 'Cuemux'
    if (chosenId() !== '') showError('This film is not here, or not any more.')
    return
  }
  toggleList(false)
  setChapters([])
  describeFilm(film, undefined)
  try {
    await playFilm(film, signal, resumeAt)
  } catch (error) {
    if (signal.aborted) return
    player.stop()
    notices.fail(error instanceof Error ? error.message : String(error), () => void choose(resumeAt))
  }
}

async function playFilm(film: FilmEntry, signal: AbortSignal, resumeAt: number | undefined): Promise<void> {
  const method = playMethod(video)
  const measured = isPlanned(film) ? await measureFor(film, signal) : undefined
  const client = measured?.client
  signal.throwIfAborted()
  report = measured?.report
  describeFilm(film, report)
  if (method === 'none') throw new Error('This browser plays no HLS: it has neither media sources nor HLS of its own.')
  const left = resumeAt ?? readPosition(film.id)
  const master = await masterOf(film, client, signal)
  const hls = player.open(master, method, left)
  playing = film
  // A browser that plays HLS by itself chooses tracks in its own controls.
  video.controls = hls === undefined
  byId('player', HTMLElement).classList.toggle('is-native', hls === undefined)
  watchAll(hls)
  tabs.offer('plan', measured !== undefined)
  if (measured !== undefined && isPlanned(film)) {
    planTab.watch(() => fetchPlan(film, measured.client, signal), hls)
    controls.thumbnails.watch(() => fetchTiles(film, measured.client, signal))
    if (hls === undefined) setChapters(reportedChapters(measured.report))
  }
  if (tabs.shown === 'plan') void planTab.show()
  if (resumeAt === undefined) window.scrollTo({ top: 0 })
  // Whoever comes back is asked first. Browsers allow it only after a click on the page; else the viewer presses play.
  if (left !== undefined && resumeAt === undefined) notices.offerResume(left)
  else video.play().catch(() => {})
}

/** The film's playlist: one of this page's own where the server plays films through sessions. */
async function masterOf(film: FilmEntry, client: string | undefined, signal: AbortSignal): Promise<string> {
  // Nothing is made of a film that is published already.
  if (sessions === undefined || client === undefined) return withClient(film.master, client)
  const started = await startSession(sessions, film, client, signal)
  session = started
  if (signal.aborted) leave()
  signal.throwIfAborted()
  return started.playlist
}

/** Leaves the session that the page is in. */
function leave(): void {
  if (sessions !== undefined && session !== undefined) leaveSession(sessions, session)
  session = undefined
}

/** Lets every part of the page follow a player, or none. */
function watchAll(hls: Hls | undefined): void {
  choices.watch(hls)
  figures.watch(hls)
  planTab.watch(undefined, undefined)
  controls.thumbnails.watch(undefined)
  controls.refresh()
}

/** What this browser plays, and what becomes of the film for it. */
async function measureFor(film: PlannedFilm, signal: AbortSignal): Promise<{ client: string; report: FilmReport }> {
  const isSupported = browserTypeTest()
  if (isSupported === undefined) return { client: 'safari', report: await fetchReport(film, 'safari', signal) }
  const general = measureClient(isSupported).join() || 'browser'
  const first = await fetchReport(film, general, signal)
  const codecs = first.tracks.map(track => track.codecString).filter(codec => codec !== undefined)
  const client = measureClient(isSupported, codecs).join() || 'browser'
  // A profile or level of this film that the browser plays, though none of the general questions covers it.
  return { client, report: client === general ? first : await fetchReport(film, client, signal) }
}

async function loadChapters(address: string): Promise<void> {
  const { signal } = choosing
  const chapters = await fetchChapters(address, signal).catch(() => [])
  if (!signal.aborted) setChapters(chapters)
}

function setChapters(chapters: readonly Chapter[]): void {
  controls.setChapters(chapters)
  tabs.offer('chapters', chapters.length > 1)
  showChapters(chapters, seconds => {
    video.currentTime = seconds
    video.play().catch(() => {})
  })
}

/** Keeps where the film is, so that it can go on from there. */
function keepPlace(): void {
  // A film that isn't where it is to begin yet, or goes somewhere, has its place kept already.
  const isThere = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA
  if (playing !== undefined && isThere) keepPosition(playing.id, video.currentTime, video.duration)
}

/** On a narrow screen the list folds away while a film plays. */
function toggleList(isOpen: boolean): void {
  byId('list-toggle', HTMLElement).setAttribute('aria-expanded', String(isOpen))
  document.body.classList.toggle('list-open', isOpen)
}

function listen(): void {
  byId('list-toggle', HTMLElement).addEventListener('click', () => {
    toggleList(!document.body.classList.contains('list-open'))
  })
  byId('filter', HTMLInputElement).addEventListener('input', () => showFilms(films, chosenId()))
  byId('help-open', HTMLButtonElement).addEventListener('click', () => byId('help', HTMLDialogElement).showModal())
  window.addEventListener('hashchange', () => void choose())
  const targets: KeyTargets = {
    video,
    choices,
    say: words => notices.say(words),
    frameRate: () => report?.tracks.find(track => track.kind === 'video')?.frameRate || 25,
    isActive: () => playing !== undefined && !byId('help', HTMLDialogElement).open,
  }
  listenToKeys(targets)
  watchVisibility(
    video,
    seconds => skip(targets, seconds),
    () => controls.seekBar.isDragged,
  )
  for (const event of ['pause', 'seeked', 'ended'] as const) video.addEventListener(event, keepPlace)
  window.addEventListener('pagehide', ({ persisted }) => {
    keepPlace()
    // One that is only put aside comes back with its player.
    if (!persisted) leave()
  })
  setInterval(() => {
    if (!video.paused) keepPlace()
  }, KEEP_EVERY_MS)
}

async function start(): Promise<void> {
  listen()
  try {
    const list = await fetchFilmList()
    films = list.media
    sessions = list.sessions
    byId('sessions-link', HTMLElement).hidden = sessions === undefined
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
