import type { SessionInfo, StartedSession } from 'cuemux'
import type { FilmEntry } from '../server/film.js'
import { get, request } from './server-api.js'

/** Starts a film for this browser through the server's sessions, below `base`. */
export async function startSession(
  base: string,
  film: FilmEntry,
  client: string,
  signal: AbortSignal,
): Promise<StartedSession> {
  const isPreset = client === 'browser' || client === 'safari'
  const body = { source: film.id, settings: { client: isPreset ? client : client.split(',') } }
  return (await post(`${base}/sessions`, body, { signal })).json()
}

/** Leaves a session; also while the page is being closed. */
export function leaveSession(base: string, { session, token }: StartedSession): void {
  post(`${base}/sessions/${session}/stop`, { token }, { keepalive: true }).catch(() => {})
}

/** Ends a session for everybody who may not watch it on their own account. */
export async function endSession(base: string, session: string): Promise<void> {
  await post(`${base}/sessions/${session}/stop`, { isForced: true })
}

/** The sessions that this browser may see. */
export async function fetchSessions(base: string): Promise<readonly SessionInfo[]> {
  const list: { sessions: readonly SessionInfo[] } = await (await get(`${base}/sessions`)).json()
  return list.sessions
}

function post(path: string, body: object, init: RequestInit = {}): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return request(path, { ...init, method: 'POST', headers, body: JSON.stringify(body) })
}
