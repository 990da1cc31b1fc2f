// Uses a Redis, closes it when it is told to, and must end by itself then.
import { cacheFromAddress, createFlights } from '../src/index.js'

const [address = ''] = process.argv.slice(2)
const cache = cacheFromAddress(address)
const flights = createFlights(cache)
await flights.run('before', async () => ({ body: Uint8Array.of(1) }), { leaseMs: 60_000 })
process.once('message', async () => {
  await flights.run('after', async () => ({ body: Uint8Array.of(1) }), { leaseMs: 60_000 })
  await cache.close()
  process.disconnect()
})
process.send?.({ type: 'asked' })
