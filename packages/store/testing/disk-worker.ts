// Reads and writes a disk cache at random until it is killed; tells every hundred hits, and any wrong byte.
import { diskCache } from '../src/index.js'
import { bodyOf } from './bodies.js'

const [folder = '', maxBytes = ''] = process.argv.slice(2)
const cache = diskCache({
  folder,
  maxBytes: Number(maxBytes),
  onEvent: event => process.send?.({ type: 'event', text: JSON.stringify(event) }),
})
let hits = 0
for (;;) {
  const key = `film ${Math.floor(Math.random() * 60)}`
  if (Math.random() < 0.4) await cache.set(key, bodyOf(key), { kind: 'segment', meta: { key } })
  const entry = await cache.get(key)
  if (entry === undefined) continue
  if (entry.meta.key !== key || Buffer.compare(entry.bytes, bodyOf(key)) !== 0) {
    process.send?.({ type: 'wrong', text: key })
  }
  if (++hits % 100 === 0) process.send?.({ type: 'hits' })
}
