import { createHandler, type Handler, type HandlerOptions } from '../src/index.js'
import { sampleBytes } from './remote-film.js'

/** Asks a handler for a path. */
export type Get = (path: string, init?: RequestInit) => Promise<Response>

/** One array: sources tell long ones apart by where they lie in memory. */
const SAMPLE = sampleBytes()

/** A handler with the sample as the film `film`, unless told otherwise. */
export function serve(options: Partial<HandlerOptions> = {}): { handler: Handler; get: Get } {
  const handler = createHandler({ resolve: id => (id === 'film' ? SAMPLE : undefined), ...options })
  return { handler, get: (path, init) => handler(new Request(`http://films.test${path}`, init)) }
}

/** The body of an answer that must be a 200. */
export async function bodyOf(response: Response): Promise<Buffer> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  return Buffer.from(await response.arrayBuffer())
}
