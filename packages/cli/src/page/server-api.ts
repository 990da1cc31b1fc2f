import type { FilmReport, PlanReport } from 'cuemux'
import type { FilmEntry, FilmList } from '../server/film.js'
import { type Chapter, readChapterFile } from './chapters.js'
import { readStoryboard, type Tile } from './controls/thumbnails.js'

/** The films that the server has now, and where it plays them through sessions. */
export async function fetchFilmList(): Promise<FilmList> {
  return (await get('/api/media')).json()
}

/** A film that the server plans and makes: not one that is published already. */
export type PlannedFilm = FilmEntry & { readonly info: string }

/** Whether the server knows more of a film than its playlists. */
export function isPlanned(film: FilmEntry): film is PlannedFilm {
  return film.info !== undefined
}

/** What the server knows of a film, and what becomes of its tracks for a client. */
export async function fetchReport(film: PlannedFilm, client: string, signal: AbortSignal): Promise<FilmReport> {
  const response = await get(withClient(film.info, client), signal)
  return response.json()
}

/** How a film is cut for a client. */
export async function fetchPlan(film: PlannedFilm, client: string, signal: AbortSignal): Promise<PlanReport> {
  return (await get(withClient(beside(film, 'plan.json'), client), signal)).json()
}

/** The chapters of a film's chapter file. */
export async function fetchChapters(address: string, signal: AbortSignal): Promise<Chapter[]> {
  return readChapterFile(await (await get(address, signal)).json())
}

/** The small pictures of a film, where the server makes them. */
export async function fetchTiles(film: PlannedFilm, client: string, signal: AbortSignal): Promise<Tile[]> {
  const response = await get(withClient(beside(film, 'storyboard.vtt'), client), signal)
  return readStoryboard(await response.text(), response.url)
}

/** A document of a film, beside its `info.json`. */
function beside(film: PlannedFilm, name: string): string {
  return film.info.replace(/[^/]*$/, name)
}

/** An address with the client that it is asked for, if for one. */
export function withClient(path: string, client: string | undefined): string {
  if (client === undefined) return path
  return `${path}?client=${encodeURIComponent(client)}`
}

/** Why an address gives no answer, in the server's own words; `undefined` when it does. */
export async function askWhy(path: string): Promise<string | undefined> {
  try {
    await get(path)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What the server answers; an error in its words where it refuses. */
export function get(path: string, signal?: AbortSignal): Promise<Response> {
  return request(path, signal === undefined ? {} : { signal })
}

/** As {@link get}, for any request. */
export async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new Error('The server does not answer. Is cuemux serve still running?', { cause: error })
  }
  if (!response.ok) throw new Error(await problemInWords(response))
  return response
}

/** The server explains its errors as problem JSON (RFC 9457). */
async function problemInWords(response: Response): Promise<string> {
  const fallback = `The server answered ${response.status}.`
  if (!response.headers.get('content-type')?.includes('json')) return fallback
  try {
    const problem: { title?: unknown; detail?: unknown; hint?: unknown } = await response.json()
    const words = [problem.detail ?? problem.title, problem.hint].filter(part => typeof part === 'string')
    return words.length === 0 ? fallback : words.join(' ')
  } catch {
    return fallback
  }
}
