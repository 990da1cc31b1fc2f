import { createHash } from 'node:crypto'
import { openMedia } from 'cuemux'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { bytesOf } from '../support/presentation.js'

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe.each(['h264_aac.mkv', 'h264_aac.mp4', 'h264_opengop.mkv', 'h264_vfr.mkv', 'zlib.mkv', 'aac_only.mka'])(
  '%s',
  name => {
    test('a resource is the same bytes in any order, alone and again', async () => {
      const file = await makeMedia(name)
      const inSequence = new Map<string, string>()
      const first = await openMedia(file)
      const sequence = await first.hls()
      for (const { path } of await sequence.resources()) inSequence.set(path, hash(await bytesOf(sequence, path)))
      await first.close()
      const paths = [...inSequence.keys()]
      expect(paths.length).toBeGreaterThan(3)

      // Orders with repetitions; every run opens the film anew, so that its first resource is made alone.
      const orders = fc.array(fc.constantFrom(...paths), { minLength: 1, maxLength: 2 * paths.length })
      await fc.assert(
        fc.asyncProperty(orders, fc.boolean(), async (order, atOnce) => {
          const media = await openMedia(file)
          try {
            const presentation = await media.hls()
            const make = async (path: string): Promise<void> => {
              expect([path, hash(await bytesOf(presentation, path))]).toEqual([path, inSequence.get(path)])
            }
            if (atOnce) await Promise.all(order.map(make))
            else for (const path of order) await make(path)
          } finally {
            await media.close()
          }
        }),
        { numRuns: 25 },
      )
    })
  },
)
