import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { mediaFolder } from '../inputs.mjs'
import { selfMeasuringTool } from '../lib/tools.mjs'

const BYTES = 256 * 1024 * 1024
const LEAST_BYTES_PER_SECOND = 250e6

/** Content-addressed publishing: hashed and written on the way, in one read. */
export const p15 = {
  name: 'P15',
  title: '256 MiB of film.mkv published as IPFS blocks to a folder (CIDv1, leaves of 256 KiB)',
  inputs: ['film.mkv'],
  budgets: { whole: BYTES / LEAST_BYTES_PER_SECOND, 'whole/readBytes': BYTES },
  tools: inputs => {
    const folder = join(mediaFolder, 'unfinished-p15')
    const args = [inputs['film.mkv'], String(BYTES), folder]
    const cuemux = selfMeasuringTool('cuemux', 'publish-cuemux', args, [])
    return [
      {
        name: cuemux.name,
        run: async () => {
          rmSync(folder, { recursive: true, force: true })
          mkdirSync(folder)
          try {
            return await cuemux.run()
          } finally {
            rmSync(folder, { recursive: true, force: true })
          }
        },
      },
      selfMeasuringTool('ipfs-unixfs-importer', 'publish-importer', args, []),
    ]
  },
}
