// Publishes files whose content follows from their name, over and over, until it is killed.
import { folderStore, ipfsStore } from '../src/index.js'
import { bodyOf } from './bodies.js'

const [kind = '', folder = ''] = process.argv.slice(2)
const store = kind === 'ipfs' ? ipfsStore({ folder }) : folderStore({ folder })
for (let file = 0; ; file = (file + 1) % 40) {
  const path = `video-1/${file}.m4s`
  const body = bodyOf(path)
  const pieces = []
  // Many small writes, so that a kill falls between two of them.
  for (let at = 0; at < body.byteLength; at += 500) pieces.push(body.subarray(at, at + 500))
  const stored = await store.put(path, pieces)
  process.send?.({ type: 'stored', text: stored.address })
}
