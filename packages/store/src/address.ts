import { CuemuxError } from '@cuemux/core'
import type { Cache, CacheEventListener } from './cache.js'
import { diskCache } from './disk.js'
import { layered } from './layered.js'
import { memoryCache } from './memory.js'
import { redisCache } from './redis.js'

/** Options of {@link cacheFromAddress}. */
export interface AddressOptions {
  /** {@link MemoryCacheOptions.maxBytes} of the cache in memory, which stands in front of the others. */
  readonly memoryBytes?: number
  /** {@link DiskCacheOptions.maxBytes}, for a folder. */
  readonly diskBytes?: number
  /** Is told what goes wrong. */
  readonly onEvent?: CacheEventListener
}

/**
 * The cache that a command line names: `memory`, `redis://…` or `rediss://…`, or a folder; the latter two with memory in
 * front.
 *
 * @throws CuemuxError `BAD_REQUEST` for an empty or another kind of address
 */
export function cacheFromAddress(address: string, options: AddressOptions = {}): Cache {
  const front = memoryCache(options.memoryBytes === undefined ? {} : { maxBytes: options.memoryBytes })
  if (address === 'memory') return front
  const events = options.onEvent === undefined ? {} : { onEvent: options.onEvent }
  if (/^rediss?:/i.test(address)) return layered(front, redisCache({ url: address, ...events }), events)
  if (address.trim() === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    throw new CuemuxError('BAD_REQUEST', 'A cache is "memory", a folder, or an address like redis://127.0.0.1:6379.')
  }
  const disk = options.diskBytes === undefined ? {} : { maxBytes: options.diskBytes }
  return layered(front, diskCache({ folder: address, ...disk, ...events }), events)
}
