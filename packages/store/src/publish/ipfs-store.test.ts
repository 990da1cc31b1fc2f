import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CarReader, CarWriter } from '@ipld/car'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expectedCid, expectedDirectoryCid, patternFile } from '../../testing/unixfs-encoder.js'
import { type IpfsStore, ipfsStore } from './ipfs-store.js'

let folder: string
let store: IpfsStore
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cuemux-ipfs-'))
  store = ipfsStore({ folder })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function* inPieces(file: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.byteLength; at += pieceBytes) yield file.subarray(at, at + pieceBytes)
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

function blockFiles(): string[] {
  const files = readdirSync(path.join(folder, 'blocks'), { recursive: true, encoding: 'utf8' })
  return files.filter(file => file.endsWith('.data')).map(file => path.join(folder, 'blocks', file))
}

describe('the second opinion itself', () => {
  // Computed by Debian's ipfs-cid 0.0~git20200813, which builds trees of version 0.
  it.each([
    [0, 'bafybeif7ztnhq65lumvvtr4ekcwd2ifwgm3awq4zfr3srh462rwyinlb4y'],
    [1, 'bafybeibyqyrkx66boqbutl5oktknecxgnl43cipcls3knonfmi727rdtnu'],
    [262_144, 'bafybeiacmzpyzxzv2uxepkkvssornxoqrwtxwpzofkkvfguela7j5otu7u'],
    [262_145, 'bafybeic5xbtlsusric3gd7ph4yd6utj6qcx4x77hwz2do6vulls32ixwym'],
    [20_000_000, 'bafybeib57lzx2dk4pw5hh6ywejxe4kkeuznwlzyskgygjej3n3wg44woai'],
    [47_000_000, 'bafybeicmiklkgnj3byhofju4wcp3j2oecww6orqmwbxv6xkplkfusu6fke'],
  ])('%d bytes as version 0', (lengthBytes, cid) => {
    expect(expectedCid(patternFile(lengthBytes), 0)).toBe(cid)
  })
})

describe('CIDs', () => {
  it.each([
    // Published all over: the empty file, and what "ipfs add --cid-version=1" makes of "hello world\n".
    ['', 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'],
    ['hello world\n', 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4'],
  ])('are those of ipfs add for %j', async (text, cid) => {
    const stored = await store.put('a.txt', Buffer.from(text))
    expect(stored).toEqual({ path: 'a.txt', address: `ipfs://${cid}`, cid, sizeBytes: text.length })
  })

  it.each([0, 1, 262_144, 262_145, 20_000_000, 174 * 262_144, 174 * 262_144 + 1])(
    'are those of an independent encoder for %d bytes',
    async lengthBytes => {
      const file = patternFile(lengthBytes)
      const stored = await store.put('film/1.m4s', inPieces(file, 1_000_003))
      expect(stored.cid).toBe(expectedCid(file))
      expect(stored.sizeBytes).toBe(lengthBytes)
      expect(await store.verify(stored.address)).toEqual({
        address: stored.address,
        cid: stored.cid,
        sizeBytes: lengthBytes,
      })
      expect((await collect(store.read(stored.address))).equals(file)).toBe(true)
    },
    60_000,
  )

  it('do not depend on how the bytes come', async () => {
    const file = patternFile(600_000)
    const pieces = [file.subarray(0, 1), file.subarray(1, 1), file.subarray(1, 300_000), file.subarray(300_000)]
    const cids = []
    for (const body of [file, pieces, inPieces(file, 777)]) cids.push((await store.put('x', body)).cid)
    expect(cids).toEqual([expectedCid(file), expectedCid(file), expectedCid(file)])
  })
})

describe('reading', () => {
  it('gives any range', async () => {
    const file = patternFile(1_000_000)
    const { address } = await store.put('x', file)
    const range = fc.nat({ max: 1_100_000 })
    await fc.assert(
      fc.asyncProperty(range, range, async (offsetBytes, lengthBytes) => {
        const read = await collect(store.read(address, { offsetBytes, lengthBytes }))
        expect(read.equals(file.subarray(offsetBytes, offsetBytes + lengthBytes))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('says what is not there, and what is damaged', async () => {
    const { address } = await store.put('x', patternFile(600_000))
    expect(await store.verify(`ipfs://${expectedCid(Buffer.from('other'))}`)).toBeUndefined()
    await expect(store.verify('ipfs://not-a-cid')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    const [first = '', second = ''] = blockFiles()
    writeFileSync(first, Buffer.alloc(statSync(first).size, 7))
    await expect(store.verify(address)).rejects.toMatchObject({ code: 'OUTPUT_FAILED', at: { path: first } })
    rmSync(first)
    expect(await store.verify(address)).toBeUndefined()
    // What a power failure cut is written again.
    truncateSync(second, 10)
    await store.put('x', patternFile(600_000))
    expect(await store.verify(address)).toMatchObject({ sizeBytes: 600_000 })
  })

  it('does not write a block twice', async () => {
    await store.put('x', patternFile(600_000))
    const before = blockFiles().map(file => statSync(file).ino)
    await store.put('y', patternFile(600_000))
    expect(blockFiles().map(file => statSync(file).ino)).toEqual(before)
  })
})

describe('a directory', () => {
  it('is that of ipfs add -w, and its files are found by path', async () => {
    const files = { 'b.m4s': patternFile(300_000), 'a.m3u8': Buffer.from('#EXTM3U\n') }
    const stored = []
    for (const [name, file] of Object.entries(files)) stored.push(await store.put(name, file))
    const root = await store.finish(stored)
    expect(root.cid).toBe(expectedDirectoryCid(files))
    expect(root.path).toBe('')
    expect((await collect(store.read(`${root.address}/a.m3u8`))).toString()).toBe('#EXTM3U\n')
    await expect(collect(store.read(`${root.address}/c`))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(collect(store.read(root.address))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  it('has directories in it', async () => {
    const segment = await store.put('video-1/7.m4s', Buffer.from('segment'))
    const root = await store.finish([segment, await store.put('video-1/8.m4s', Buffer.from('next'))])
    expect((await collect(store.read(`${root.address}/video-1/8.m4s`))).toString()).toBe('next')
    expect(await store.verify(root.address)).toMatchObject({ cid: root.cid })
  })
})

describe('a CAR', () => {
  it('has every block once, as @ipld/car reads it', async () => {
    const file = patternFile(20_000_000)
    const { address, cid } = await store.put('x', file)
    const car = await collect(store.exportCar([address, address]))
    const reader = await CarReader.fromBytes(car)
    expect((await reader.getRoots()).map(String)).toEqual([cid, cid])
    const blocks = []
    for await (const block of reader.blocks()) blocks.push(block)
    expect(blocks[0]?.cid.toString()).toBe(cid)
    // The pattern repeats, so that some leaves are the same block.
    expect(blocks.length).toBe(blockFiles().length)
    expect(new Set(blocks.map(block => block.cid.toString())).size).toBe(blocks.length)
  })

  it('is imported into another folder', async () => {
    const stored = await store.put('film/1.m4s', patternFile(5_000_000))
    const root = await store.finish([stored])
    const car = await collect(store.exportCar([root.address]))
    const other = ipfsStore({ folder: path.join(folder, 'other') })
    expect(await other.importCar(inPieces(car, 65_537))).toEqual([root.cid])
    const read = await collect(other.read(`${root.address}/film/1.m4s`))
    expect(read.equals(patternFile(5_000_000))).toBe(true)
    expect((await collect(other.exportCar([root.address]))).equals(car)).toBe(true)
  })

  it('that @ipld/car wrote is imported', async () => {
    const cid = CID.parse(expectedCid(Buffer.from('segment')))
    const { writer, out } = CarWriter.create([cid])
    void writer.put({ cid, bytes: Buffer.from('segment') }).then(() => writer.close())
    expect(await store.importCar(out)).toEqual([cid.toString()])
    expect((await collect(store.read(cid.toString()))).toString()).toBe('segment')
  })

  it('with a changed byte, or cut, gives one clear error or the same blocks', async () => {
    const { address } = await store.put('x', patternFile(300_000))
    const car = await collect(store.exportCar([address]))
    let runs = 0
    const importInto = async (bytes: Uint8Array): Promise<void> => {
      const other = ipfsStore({ folder: path.join(folder, `other-${runs++}`) })
      try {
        await other.importCar(inPieces(bytes, 100_000))
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(?:BAD_REQUEST|LIMIT_EXCEEDED)$/) })
        return
      }
      // A CID's version and codec aren't covered by its hash.
      expect((await collect(other.exportCar([address]))).equals(car)).toBe(true)
    }
    const header = fc.nat({ max: 60 })
    const anywhere = fc.nat({ max: car.byteLength - 1 })
    const change = fc.integer({ min: 1, max: 255 })
    await fc.assert(
      fc.asyncProperty(fc.oneof(header, anywhere), change, async (at, bits) => {
        const damaged = Buffer.from(car)
        damaged[at] = (damaged[at] ?? 0) ^ bits
        await importInto(damaged)
      }),
      { numRuns: 100 },
    )
    for (const at of [0, 1, 20, 59, 100, 200_000, car.byteLength - 1]) {
      await expect(importInto(car.subarray(0, at))).resolves.toBeUndefined()
    }
  })
})

describe('naming', () => {
  it('is relative, or by a gateway', async () => {
    const stored = await store.put('video-1/7.m4s', Buffer.from('segment'))
    expect(store.playlistAddress(stored, 'video-1/playlist.m3u8')).toBe('7.m4s')
    const cid = expectedCid(Buffer.from('segment'))
    for (const [gateway, address] of [
      ['https://ipfs.example', `https://ipfs.example/ipfs/${cid}`],
      ['https://ipfs.example/ipfs/', `https://ipfs.example/ipfs/${cid}`],
      ['https://ipfs.example/ipfs-ts', `https://ipfs.example/ipfs-ts/${cid}`],
      ['https://{cid}.ipfs.example/?filename={name}', `https://${cid}.ipfs.example/?filename=7.m4s`],
    ] as const) {
      const named = ipfsStore({ folder, gateway })
      const again = await named.put('video-1/7.m4s', Buffer.from('segment'))
      expect(again.url).toBe(address)
      expect(named.playlistAddress(again, 'video-1/playlist.m3u8')).toBe(address)
    }
    expect(() => ipfsStore({ folder, gateway: 'ipfs.example' })).toThrow(/gateway must be/)
  })
})

describe('trouble', () => {
  it('a body that fails or hangs leaves nothing under way', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield patternFile(600_000)
      throw new Error('the encoder died')
    }
    await expect(store.put('x', failing())).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('the encoder died'),
    })
    async function* hanging(): AsyncGenerator<Uint8Array> {
      yield patternFile(600_000)
      await new Promise(() => {})
    }
    const controller = new AbortController()
    const put = store.put('x', hanging(), { signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    await expect(put).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(store.put('x', [1, 2] as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(store.put('x', 'text' as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  it('lets go of a stream that it no longer reads', async () => {
    let isClosed = false
    const stream = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: async () => {
          isClosed = true
          return { done: true as const, value: undefined }
        },
      }),
    }
    const controller = new AbortController()
    const put = store.put('x', stream, { signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    await expect(put).rejects.toMatchObject({ code: 'ABORTED' })
    expect(isClosed).toBe(true)
  })

  it('a folder that cannot be written says why', async () => {
    writeFileSync(path.join(folder, 'file'), '')
    const blocked = ipfsStore({ folder: path.join(folder, 'file') })
    await expect(blocked.put('x', Buffer.from('a'))).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      hint: expect.stringContaining('A file stands where a folder is needed'),
    })
    expect(readFileSync(path.join(folder, 'file'), 'utf8')).toBe('')
  })
})
