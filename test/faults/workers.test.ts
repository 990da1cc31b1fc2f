import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { descendants, eventually, isAlive } from '../support/children.js'
import { type ServedFilms, serveFilms } from '../support/server.js'

// `cuemux serve --workers 3`: processes that share a port and a cache, and outlive one of them.

let served: ServedFilms
// Below the script is the first process of the command, below which are its workers.
const workers = (): number[] => descendants(served.pid).slice(1)

beforeAll(async () => {
  served = await serveFilms('--workers', '3')
})
afterAll(() => served.stop())

/** A request on a connection of its own, which goes to the next worker in turn. */
function answerTo(path: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    get(new URL(path, served.url), { agent: false }, response => {
      text(response).then(body => resolve({ status: response.statusCode, body }), reject)
    }).on('error', reject)
  })
}

test('each serves the same film by the same bytes', async () => {
  const master = new URL(served.media[0]?.master ?? '').pathname
  const answers = await Promise.all(Array.from({ length: 6 }, () => answerTo(master)))
  expect(answers[0]).toMatchObject({ status: 200, body: expect.stringMatching(/^#EXTM3U\n/) })
  for (const answer of answers) expect(answer).toEqual(answers[0])
})

test('one that is killed is replaced, and all end with the first process', async () => {
  const before = workers()
  expect(before).toHaveLength(3)
  process.kill(before[0] ?? 0, 'SIGKILL')
  expect(await eventually(() => workers().length === 3 && !workers().includes(before[0] ?? 0), 10_000)).toBe(true)
  for (let n = 0; n < 6; n++) expect(await answerTo('/')).toMatchObject({ status: 200 })

  const after = workers()
  expect(await served.stop()).toBe(0)
  expect(after.filter(isAlive)).toEqual([])
})
