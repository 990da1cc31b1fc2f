import { CuemuxError } from '@cuemux/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PublishBody, PublishStore, PutOptions, StoredFile } from './publish-store.js'
import { type UploadBody, uploadQueue } from './upload-queue.js'

/** A store in memory that fails as it is told to, and counts. */
class FlakyStore implements PublishStore {
  readonly kind = 'folder'
  readonly files = new Map<string, string>()
  readonly puts: string[] = []
  running = 0
  mostRunning = 0
  readonly #fails: (path: string, attempt: number) => Error | undefined
  readonly #attempts = new Map<string, number>()
  readonly #work: () => Promise<void>

  constructor(fails: (path: string, attempt: number) => Error | undefined = () => undefined, work = async () => {}) {
    this.#fails = fails
    this.#work = work
  }

  async put(path: string, body: PublishBody, { signal }: PutOptions = {}): Promise<StoredFile> {
    this.running++
    this.mostRunning = Math.max(this.mostRunning, this.running)
    try {
      const attempt = (this.#attempts.get(path) ?? 0) + 1
      this.#attempts.set(path, attempt)
      let text = ''
      for await (const piece of body instanceof Uint8Array ? [body] : body) text += Buffer.from(piece).toString()
      await this.#work()
      if (signal?.aborted) throw new CuemuxError('ABORTED', 'The operation was aborted.')
      const error = this.#fails(path, attempt)
      if (error !== undefined) throw error
      this.files.set(path, text)
      this.puts.push(path)
      return { path, address: path, sizeBytes: text.length }
    } finally {
      this.running--
    }
  }

  async verify(): Promise<undefined> {}

  playlistAddress(file: StoredFile): string {
    return file.path
  }

  async close(): Promise<void> {}
}

const network = (): CuemuxError => new CuemuxError('OUTPUT_FAILED', 'connection reset')

/** Gives others some turns. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}

describe('uploadQueue', () => {
  it('uploads everything once whatever fails, and names only what is stored', async () => {
    const failures = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(
        failures,
        fc.integer({ min: 1, max: 6 }),
        fc.infiniteStream(fc.nat({ max: 4 })),
        async (failing, concurrency, pauses) => {
          const store = new FlakyStore(
            (path, attempt) => (attempt <= (failing[Number(path)] ?? 0) ? network() : undefined),
            () => turns(pauses.next().value ?? 0),
          )
          const recorded: string[] = []
          const queue = uploadQueue({
            store,
            concurrency,
            retries: 3,
            firstDelayMs: 1,
            onStored: async file => {
              await turns(1)
              recorded.push(file.path)
            },
          })
          const paths = failing.map((_, index) => String(index))
          const all = queue.whenStored(paths)
          for (const path of paths) {
            await queue.room()
            void queue.add(path, [Buffer.from(`body ${path}`)])
            // A second time is no second upload.
            void queue.add(path, Buffer.from('other'))
          }
          const named = await all
          expect(named.map(file => file.path)).toEqual(paths)
          expect([...recorded].sort()).toEqual([...paths].sort())
          await queue.drain()
          expect([...store.puts].sort()).toEqual([...paths].sort())
          for (const path of paths) expect(store.files.get(path)).toBe(`body ${path}`)
          expect(store.mostRunning).toBeLessThanOrEqual(concurrency)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('resumed, uploads only what is missing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.nat({ max: 19 }), async (count, killer) => {
        const paths = Array.from({ length: count }, (_, index) => String(index))
        const kept: StoredFile[] = []
        const dying = new FlakyStore(
          path => (path === String(killer) ? network() : undefined),
          () => turns(1),
        )
        const first = uploadQueue({
          store: dying,
          concurrency: 3,
          retries: 1,
          firstDelayMs: 1,
          onStored: file => void kept.push(file),
        })
        for (const path of paths) void first.add(path, Buffer.from(path))
        const ended = await first.drain().catch((error: unknown) => error)
        await first.abort()
        expect(ended instanceof CuemuxError).toBe(killer < count)
        const store = new FlakyStore()
        const second = uploadQueue({ store })
        for (const file of kept) second.adopt(file)
        for (const path of paths) void second.add(path, Buffer.from(path))
        expect((await second.whenStored(paths)).map(file => file.path)).toEqual(paths)
        expect([...kept.map(file => file.path), ...store.puts].sort()).toEqual([...paths].sort())
      }),
      { numRuns: 30 },
    )
  })

  it('an upload that keeps failing ends all with an error that says so', async () => {
    const store = new FlakyStore(path => (path === 'bad' ? network() : undefined))
    const retried: string[] = []
    const queue = uploadQueue({
      store,
      concurrency: 1,
      retries: 2,
      firstDelayMs: 1,
      onRetry: event => retried.push(`${event.path} ${event.attempt}`),
    })
    const good = queue.add('good', Buffer.from('x'))
    const bad = queue.add('bad', Buffer.from('x'))
    const later = queue.add('later', Buffer.from('x'))
    const never = queue.whenStored(['good', 'never'])
    expect(await good).toMatchObject({ path: 'good' })
    const expected = {
      code: 'OUTPUT_FAILED',
      message: 'bad could not be stored: connection reset',
      hint: 'What is stored so far is kept: the job can be resumed.',
    }
    await expect(bad).rejects.toMatchObject(expected)
    for (const promise of [
      later,
      never,
      queue.add('x', Buffer.from('x')),
      queue.whenStored(['good']),
      queue.room(),
      queue.drain(),
    ]) {
      await expect(promise).rejects.toMatchObject(expected)
    }
    expect(retried).toEqual(['bad 1', 'bad 2'])
    expect(store.puts).toEqual(['good'])
    expect(queue.stored('good')).toBeDefined()
    expect(queue.stored('bad')).toBeUndefined()
  })

  it('does not retry what no retry mends, nor a stream that was read', async () => {
    const refused = new FlakyStore(() => new CuemuxError('BAD_REQUEST', 'no'))
    await expect(uploadQueue({ store: refused }).add('a', Buffer.from('x'))).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
    async function* once(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('stream')
    }
    const flaky = (): FlakyStore => new FlakyStore((_, attempt) => (attempt === 1 ? network() : undefined))
    await expect(uploadQueue({ store: flaky() }).add('a', once())).rejects.toMatchObject({ code: 'OUTPUT_FAILED' })
    const store = flaky()
    await uploadQueue({ store, firstDelayMs: 1 }).add('a', () => once())
    expect(store.files.get('a')).toBe('stream')
  })

  it('replaces in order, leaving out what is overtaken', async () => {
    let release = (): void => {}
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const bodies: string[] = []
    const store = new FlakyStore(undefined, () => gate)
    const queue = uploadQueue({ store, concurrency: 3 })
    const put = (text: string): Promise<StoredFile> => {
      const body: UploadBody = () => {
        bodies.push(text)
        return Buffer.from(text)
      }
      return queue.add('a.m3u8', body, { replace: true })
    }
    const added = ['first', 'second', 'the third'].map(put)
    await turns(3)
    release()
    expect((await Promise.all(added)).map(file => file.sizeBytes)).toEqual([5, 9, 9])
    expect(bodies).toEqual(['first', 'the third'])
    expect(store.files.get('a.m3u8')).toBe('the third')
    expect(queue.stored('a.m3u8')?.sizeBytes).toBe(9)
    expect(store.mostRunning).toBe(1)
  })

  it('holds a producer back', async () => {
    let release = (): void => {}
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const queue = uploadQueue({ store: new FlakyStore(undefined, () => gate), concurrency: 1, maxWaiting: 2 })
    for (const path of ['running', 'waiting']) {
      void queue.add(path, Buffer.from('x'))
      await queue.room()
    }
    void queue.add('waiting too', Buffer.from('x'))
    let hasRoom = false
    const room = queue.room().then(() => {
      hasRoom = true
    })
    await turns(3)
    expect(hasRoom).toBe(false)
    release()
    await room
    await queue.drain()
  })

  it('ends at once when it is aborted, and waits for what runs', async () => {
    const store = new FlakyStore(undefined, () => turns(5))
    const controller = new AbortController()
    const queue = uploadQueue({ store, signal: controller.signal })
    const added = queue.add('a', Buffer.from('x'))
    controller.abort()
    await expect(queue.drain()).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(added).rejects.toMatchObject({ code: 'ABORTED' })
    await queue.abort()
    expect(store.running).toBe(0)
    expect(store.puts).toEqual([])
    const waiting = uploadQueue({ store })
    const signal = AbortSignal.abort()
    await expect(waiting.whenStored(['never'], { signal })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(() => uploadQueue({ store, concurrency: 0 })).toThrow(/concurrency must be a positive number/)
    expect(() => uploadQueue({ store, retries: Number.NaN })).toThrow(/retries must be a whole number/)
  })

  it('a checkpoint that cannot be written ends all', async () => {
    const store = new FlakyStore()
    const queue = uploadQueue({ store, onStored: () => Promise.reject(new Error('disk full')) })
    await expect(queue.add('a', Buffer.from('x'))).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('disk full'),
    })
    expect(queue.stored('a')).toBeUndefined()
  })
})
