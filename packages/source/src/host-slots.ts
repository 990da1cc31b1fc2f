import { abortedError } from './abort.js'

/** Somebody who waits for a host to have room. */
interface Waiter {
  readonly limit: number
  readonly enter: () => void
}

interface Host {
  active: number
  readonly waiting: Waiter[]
}

/** Over all sources of this process, by origin: ten films on one server are still one client to it. */
const hosts = new Map<string, Host>()

/**
 * Waits until fewer than `limit` answers of this origin are being read, first come, first served; gives back what ends
 * this one. Calling that twice does nothing.
 *
 * @throws CuemuxError `ABORTED`
 */
export async function enterHost(origin: string, limit: number, signal: AbortSignal): Promise<() => void> {
  if (signal.aborted) throw abortedError(signal)
  let host = hosts.get(origin)
  if (host === undefined) hosts.set(origin, (host = { active: 0, waiting: [] }))
  if (host.active < limit && host.waiting.length === 0) host.active++
  else await waitFor(host, limit, signal)
  return leaveOnce(origin, host)
}

function waitFor(host: Host, limit: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      host.waiting.splice(host.waiting.indexOf(waiter), 1)
      // One with a smaller limit may have stood in front of others that have room.
      admit(host)
      reject(abortedError(signal))
    }
    const waiter: Waiter = {
      limit,
      enter: () => {
        signal.removeEventListener('abort', abort)
        resolve()
      },
    }
    host.waiting.push(waiter)
    signal.addEventListener('abort', abort, { once: true })
  })
}

function leaveOnce(origin: string, host: Host): () => void {
  let isOver = false
  return () => {
    if (isOver) return
    isOver = true
    host.active--
    admit(host)
    if (host.active === 0 && hosts.get(origin) === host) hosts.delete(origin)
  }
}

function admit(host: Host): void {
  for (let next = host.waiting[0]; next !== undefined && host.active < next.limit; next = host.waiting[0]) {
    host.waiting.shift()
    host.active++
    next.enter()
  }
}
