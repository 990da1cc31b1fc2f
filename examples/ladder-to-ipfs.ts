/**
 * Encodes a film in several sizes and publishes it on IPFS, as blocks in a folder that need no node; run again after it was
 * stopped, it goes on where it was.
 *
 *     node examples/dist/ladder-to-ipfs.js film.mkv blocks
 */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ipfsStore } from '@cuemux/store'
import { CuemuxError, createLadder } from 'cuemux'

const [film, folder, rungs = 'auto'] = process.argv.slice(2)
if (film === undefined || folder === undefined) {
  console.error('Usage: node examples/dist/ladder-to-ipfs.js FILM FOLDER [RUNGS]')
  process.exit(2)
}

// With `gateway: 'https://ipfs.io'` playlists name their files there; without, by paths in the directory of all of them.
const store = ipfsStore({ folder })
try {
  const ladder = await createLadder({ input: film, rungs, store, checkpoint: join(folder, 'ladder.json') })

  // Each version of the playlists names what is stored by then, and has another CID: a player may follow from the first on.
  for await (const { master, rungs, isEnded } of ladder) {
    const segments = Object.values(rungs).map(rung => rung.segments)
    console.log(`${master.address} ${isEnded ? 'is complete' : 'grows'}: ${segments.join(', ')} segments`)
  }

  // All of it in one file, which any IPFS node imports: ipfs dag import film.car
  const { directory } = await ladder.done
  if (directory !== undefined) {
    await pipeline(store.exportCar([directory.address]), createWriteStream(join(folder, 'film.car')))
  }
} catch (error) {
  if (!(error instanceof CuemuxError)) throw error
  console.error(error.describe())
  process.exitCode = 1
} finally {
  await store.close()
}
