import { createHash } from 'node:crypto'
import { Agent, get, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/** What viewers saw, together. */
export interface Seen {
  segments: number
  bytes: number
  readonly problems: string[]
  /** A digest of each segment by its address: the same for whoever asks. */
  readonly digests: Map<string, string>
}

/** How a viewer goes about it. */
export interface Habits {
  readonly name: string
  /** A number from 0 to below 1, from a seed. */
  readonly random: () => number
  /** Stops reading in the middle of a segment for so long now and then, ms. */
  readonly stallMs?: number
  /** Waits between two segments, ms. */
  readonly paceMs?: number
}

interface Film {
  readonly id: string
  readonly renditions: readonly (readonly string[])[]
}

/** Watches one film after the other, a few segments at a time from some place, until the time is over. */
export async function watch(base: string, ids: readonly string[], habits: Habits, untilMs: number, seen: Seen) {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 })
  const { random } = habits
  const fetchBody = (path: string): Promise<Buffer> => load(`${base}/${path}`, agent, habits)
  try {
    while (performance.now() < untilMs) {
      const film = await openFilm(ids[Math.floor(random() * ids.length)] ?? '', fetchBody)
      const count = film.renditions[0]?.length ?? 0
      for (let seeks = 0; seeks < 3 && performance.now() < untilMs; seeks++) {
        const first = Math.floor(random() * count)
        const last = Math.min(count, first + 1 + Math.floor(random() * 5))
        for (let n = first; n < last && performance.now() < untilMs; n++) {
          await Promise.all(film.renditions.map(paths => see(paths[n], fetchBody, seen)))
          if (habits.paceMs !== undefined) await delay(habits.paceMs)
        }
      }
    }
  } catch (error) {
    seen.problems.push(`${habits.name}: ${String(error)}`)
  } finally {
    agent.destroy()
  }
}

async function see(path: string | undefined, fetchBody: (path: string) => Promise<Buffer>, seen: Seen): Promise<void> {
  if (path === undefined) return
  const body = await fetchBody(path)
  const digest = createHash('sha1').update(body).digest('base64')
  if ((seen.digests.get(path) ?? digest) !== digest) seen.problems.push(`${path} differs`)
  seen.digests.set(path, digest)
  seen.segments++
  seen.bytes += body.byteLength
}

async function openFilm(id: string, fetchBody: (path: string) => Promise<Buffer>): Promise<Film> {
  const master = (await fetchBody(`${id}/master.m3u8`)).toString()
  const playlists = new Set([...master.matchAll(/((?:video|audio)-\d+)\/playlist\.m3u8/g)].map(match => match[1] ?? ''))
  const renditions = await Promise.all(
    [...playlists].map(async name => {
      const playlist = (await fetchBody(`${id}/${name}/playlist.m3u8`)).toString()
      await fetchBody(`${id}/${name}/init.mp4`)
      return (playlist.match(/^\d+\.m4s$/gm) ?? []).map(file => `${id}/${name}/${file}`)
    }),
  )
  return { id, renditions }
}

function load(url: string, agent: Agent, { name, stallMs, random }: Habits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers: { 'x-viewer': name } }, (response: IncomingMessage) => {
      const parts: Buffer[] = []
      if (stallMs !== undefined && random() < 0.2) {
        response.once('data', () => {
          response.pause()
          setTimeout(() => response.resume(), stallMs)
        })
      }
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(parts)
        if (response.statusCode !== 200)
          reject(new Error(`${response.statusCode} for ${url}: ${body.subarray(0, 300)}`))
        else if (body.byteLength !== Number(response.headers['content-length'] ?? body.byteLength)) {
          reject(new Error(`${url} is short`))
        } else resolve(body)
      })
    })
    request.on('error', reject)
  })
}
