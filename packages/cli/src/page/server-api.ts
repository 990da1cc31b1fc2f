import type { FilmReport } from 'cuemux'
import type { FilmEntry, FilmList } from '../server/film.js'

/** The films that the server has now. */
export async function fetchFilms(): Promise<readonly FilmEntry[]> {
  const response = await get('/api/media')
  const list: FilmList = await response.json()
  return list.media
}

/** What the server knows of a film, and what becomes of its tracks for a client. */
export async function fetchReport(film: FilmEntry, client: string, signal: AbortSignal): Promise<FilmReport> {
  const response = await get(withClient(film.info, client), signal)
  return response.json()
}

/** An address with the client that it is asked for. */
export function withClient(path: string, client: string): string {
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

async function get(path: string, signal?: AbortSignal): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, signal === undefined ? {} : { signal })
  } catch (error) {
    if (signal?.aborted) throw error
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
