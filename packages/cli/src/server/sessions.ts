import { randomBytes } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { SessionManager, SessionManagerOptions, SessionUser, toNodeListener } from 'cuemux'
import type { Library } from './library.js'

/** Where sessions are mounted. */
export const SESSIONS_PATH = '/play'

/** Names a browser from visit to visit. A page of another site can't make a browser send it. */
const COOKIE = 'cuemux-viewer'
const COOKIE_S = 30 * 24 * 3600

/** What {@link servedSessions} works with. */
export interface ServedSessionsParts {
  readonly folder: string
  readonly library: Pick<Library, 'locate'>
  /** Whether only this machine itself can ask: then everybody is its owner. */
  readonly isLocal: boolean
  readonly cuemux: {
    readonly createSessionManager: (options: SessionManagerOptions) => SessionManager
    readonly toNodeListener: typeof toNodeListener
  }
}

/** The sessions of `cuemux serve`. */
export interface ServedSessions {
  readonly manager: SessionManager
  /** Answers everything below {@link SESSIONS_PATH}. */
  readonly listener: RequestListener
  /** Gives a browser that asks for a page its name. */
  readonly greet: (req: IncomingMessage, res: ServerResponse) => void
}

/** Plays the films of a library through sessions that are kept in a folder. */
export function servedSessions({ folder, library, isLocal, cuemux }: ServedSessionsParts): ServedSessions {
  const manager = cuemux.createSessionManager({
    folder,
    basePath: SESSIONS_PATH,
    cors: false,
    exposeErrors: isLocal,
    resolve: async reference => {
      const input = await library.locate(reference)
      return input === undefined ? undefined : { input }
    },
    authorize: request => userOf(request.headers.get('cookie') ?? '', isLocal),
  })
  return {
    manager,
    listener: cuemux.toNodeListener(request => manager.handle(request)),
    greet: (req, res) => {
      if (nameIn(req.headers.cookie ?? '') !== undefined) return
      const name = randomBytes(18).toString('base64url')
      res.setHeader('set-cookie', `${COOKIE}=${name}; Path=/; Max-Age=${COOKIE_S}; HttpOnly; SameSite=Strict`)
    },
  }
}

function userOf(cookies: string, isLocal: boolean): SessionUser | undefined {
  if (isLocal) return { user: 'local', isAdmin: true }
  const name = nameIn(cookies)
  return name === undefined ? undefined : { user: name }
}

function nameIn(cookies: string): string | undefined {
  return /(?:^|;\s*)cuemux-viewer=([\w-]{24})(?:;|$)/.exec(cookies)?.[1]
}
