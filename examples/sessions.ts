/**
 * Plays a film for people with accounts: each has limits, and what was encoded is kept over a restart.
 *
 *     node examples/dist/sessions.js film.mkv sessions [PORT]
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSessionManager, type SessionUser, toNodeListener } from 'cuemux'

const [film, folder, port = '3000'] = process.argv.slice(2)
if (film === undefined || folder === undefined) {
  console.error('Usage: node examples/dist/sessions.js FILM FOLDER [PORT]')
  process.exit(2)
}

// Whoever asks is known by what your own code checks: a cookie, a token, what a proxy in front has found out.
const accounts = new Map<string, SessionUser>([['secret-of-ann', { user: 'ann', maxSessions: 2 }]])

const sessions = createSessionManager({
  folder,
  basePath: '/play',
  resolve: reference => (reference === 'film' ? { input: film, sourceId: 'disk', maxPerSource: 10 } : undefined),
  authorize: request => accounts.get(request.headers.get('authorization')?.replace('Bearer ', '') ?? ''),
  onEvent: event => {
    if (event.type === 'state') console.error(event.session, event.to, event.reason)
  },
})
const server = createServer(toNodeListener(request => sessions.handle(request))).listen(Number(port), '127.0.0.1')
await once(server, 'listening')
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

// As POST /play/sessions does for a client. The address is this viewer's own: give it to a player.
const { playlist } = await sessions.start({ source: 'film' }, { user: 'ann', maxSessions: 2 })
console.log(base + playlist)

process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
  void sessions.close()
})
