// Makes what it is told to through flights, and says when it begins, what came out, and how its flights went.
import { createFlights, diskCache, layered, memoryCache, redisCache } from '../src/index.js'

interface Order {
  readonly key: string
  readonly workMs: number
  readonly leaseMs: number
}

const [address = ''] = process.argv.slice(2)
// Patient, as the tests' machine may be busy.
const shared = address.startsWith('redis')
  ? redisCache({ url: address, timeoutMs: 3000 })
  : diskCache({ folder: address })
const cache = process.argv.includes('--layered') ? layered(memoryCache(), shared) : shared
const flights = createFlights(cache)

process.on('message', async ({ key, workMs, leaseMs }: Order) => {
  const entry = await flights.run(
    key,
    async (_, fence) => {
      process.send?.({ type: 'working', fence })
      await new Promise(resolve => setTimeout(resolve, workMs))
      return { body: Buffer.from(`made by ${process.pid}`), meta: { fence } }
    },
    { leaseMs },
  )
  const text = Buffer.from(entry.bytes).toString()
  process.send?.({ type: 'done', text, fence: entry.meta.fence, stats: flights.stats() })
})
process.send?.({ type: 'ready' })
