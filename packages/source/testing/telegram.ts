import { setTimeout as delay } from 'node:timers/promises'
import { type ChunkedSource, RetryLaterError } from '../src/index.js'

const KIB = 1024

/** What a client of Telegram throws. */
export class RpcError extends Error {
  constructor(
    readonly code: number,
    readonly errorMessage: string,
  ) {
    super(errorMessage)
  }
}

/** The part of Telegram that gives out a message's document, with its rules for `upload.getFile`. */
export class TelegramStandIn {
  readonly #bytes: Uint8Array
  #reference = 1
  #active = 0
  #floodUntilMs = 0
  /** Offset and limit of what was asked for. */
  readonly asked: [number, number][] = []
  mostAtOnce = 0
  askedDuringFlood = 0
  delayMs = 0
  /** Seconds to ask for with the next requests. */
  floodWaits: number[] = []

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  expire(): void {
    this.#reference++
  }

  async getMessages(): Promise<{ id: number; size: number; fileName: string; reference: number }> {
    return { id: 4711, size: this.#bytes.length, fileName: 'film.mkv', reference: this.#reference }
  }

  async getFile(request: { reference: number; offset: number; limit: number }): Promise<Uint8Array> {
    const { reference, offset, limit } = request
    if (Date.now() < this.#floodUntilMs) this.askedDuringFlood++
    const wait = this.floodWaits.shift()
    if (wait !== undefined) {
      this.#floodUntilMs = Date.now() + wait * 1000 - 2
      throw new RpcError(420, `FLOOD_WAIT_${wait}`)
    }
    if (reference !== this.#reference) throw new RpcError(400, 'FILE_REFERENCE_EXPIRED')
    if (offset % (4 * KIB) !== 0) throw new RpcError(400, 'OFFSET_INVALID')
    const crosses = Math.floor(offset / (1024 * KIB)) !== Math.floor((offset + limit - 1) / (1024 * KIB))
    if (limit % (4 * KIB) !== 0 || (1024 * KIB) % limit !== 0 || crosses) throw new RpcError(400, 'LIMIT_INVALID')
    this.asked.push([offset, limit])
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#active)
    await delay(this.delayMs)
    this.#active--
    return this.#bytes.slice(offset, offset + limit)
  }
}

/** The reader of a message's document that the README shows. */
export function documentStore(client: TelegramStandIn): ChunkedSource {
  let message = client.getMessages()
  return {
    key: 'telegram:7:4711',
    name: 'film.mkv',
    sizeBytes: 2_500_000,
    chunkBytes: 512 * KIB,
    async readChunk(offset, limit) {
      for (let isSecond = false; ; isSecond = true) {
        try {
          return await client.getFile({ reference: (await message).reference, offset, limit })
        } catch (error) {
          const { errorMessage } = error as RpcError
          const flood = /^FLOOD_(?:PREMIUM_)?WAIT_([\d.]+)$/.exec(errorMessage)
          if (flood !== null) throw new RetryLaterError(Number(flood[1]) * 1000)
          if (isSecond || !errorMessage.startsWith('FILE_REFERENCE_')) throw error
          message = client.getMessages()
        }
      }
    },
  }
}
