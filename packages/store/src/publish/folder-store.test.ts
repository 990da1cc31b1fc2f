import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bodyOf } from '../../testing/bodies.js'
import { type Compiled, compile } from '../../testing/compiled.js'
import { Worker } from '../../testing/worker.js'
import { folderStore } from './folder-store.js'
import { ipfsStore } from './ipfs-store.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cuemux-publish-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('folderStore', () => {
  it('stores pieces and streams, and says what it has', async () => {
    const store = folderStore({ folder })
    const stored = await store.put('video-1/7.m4s', [Buffer.from('seg'), new Uint8Array(), Buffer.from('ment')])
    expect(stored).toEqual({
      path: 'video-1/7.m4s',
      address: 'video-1/7.m4s',
      // printf segment | sha256sum
      checksum: 'sha256:03e71c6d7dc6bd4e89ceaf32f6488ca0aa69b0de784b706cac5818d680e9d97f',
      sizeBytes: 7,
    })
    expect(readFileSync(path.join(folder, 'video-1/7.m4s'), 'utf8')).toBe('segment')
    const { path: _, ...verified } = stored
    expect(await store.verify(stored.address)).toEqual(verified)
    expect(await store.verify('video-1/8.m4s')).toBeUndefined()
    expect(await store.verify('video-1/7.m4s/x')).toBeUndefined()
    await store.close()
    expect(readdirSync(folder)).toEqual(['video-1'])
  })

  it('replaces a file as a whole', async () => {
    const store = folderStore({ folder })
    await store.put('a.m3u8', Buffer.from('a long first version'))
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('new')
      throw new Error('cut')
    }
    await expect(store.put('a.m3u8', failing())).rejects.toMatchObject({ code: 'OUTPUT_FAILED' })
    expect(readFileSync(path.join(folder, 'a.m3u8'), 'utf8')).toBe('a long first version')
    await store.put('a.m3u8', Buffer.from('second'))
    expect(readFileSync(path.join(folder, 'a.m3u8'), 'utf8')).toBe('second')
    expect(readdirSync(path.join(folder, '.cuemux-temp'))).toEqual([])
  })

  it.each(['', '/a', 'a/', 'a//b', '../a', 'a/./b', 'a\\b', 'a\0b', 'a\nb', 'x'.repeat(256), `${'x/'.repeat(500)}x`])(
    'refuses the path %j',
    async name => {
      const store = folderStore({ folder })
      await expect(store.put(name, Buffer.from('x'))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
      await expect(store.verify(name)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    },
  )

  it('names files in playlists relatively, or by a public address', async () => {
    const store = folderStore({ folder })
    const stored = await store.put('audio 1/7#.m4s', Buffer.from('x'))
    expect(store.playlistAddress(stored, 'master.m3u8')).toBe('audio%201/7%23.m4s')
    expect(store.playlistAddress(stored, 'audio 1/playlist.m3u8')).toBe('7%23.m4s')
    expect(store.playlistAddress(stored, 'video-1/hd/playlist.m3u8')).toBe('../../audio%201/7%23.m4s')
    const served = folderStore({ folder, publicUrl: 'https://cdn.example/film/' })
    const again = await served.put('audio 1/7#.m4s', Buffer.from('x'))
    expect(again.url).toBe('https://cdn.example/film/audio%201/7%23.m4s')
    expect(served.playlistAddress(again, 'master.m3u8')).toBe('https://cdn.example/film/audio%201/7%23.m4s')
  })

  it('says why it cannot write', async () => {
    writeFileSync(path.join(folder, 'video-1'), '')
    const store = folderStore({ folder })
    await expect(store.put('video-1/7.m4s', Buffer.from('x'))).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('video-1/7.m4s'),
      hint: expect.stringContaining('A file stands where a folder is needed'),
    })
    expect(() => folderStore({ folder: ' ' })).toThrow(/folder must be a path/)
  })

  it('is full without a torn file', async () => {
    // A device that takes nothing, as a full disk does.
    const { open } = await import('node:fs/promises')
    const { TemporaryFiles } = await import('./temporary-files.js')
    const { outputFailed } = await import('./failure.js')
    const temporary = new TemporaryFiles(path.join(folder, 'temp'))
    const writing = temporary.place(path.join(folder, 'file'), true, async () => {
      const full = await open('/dev/full', 'w')
      await full.write(Buffer.from('x')).finally(() => full.close())
    })
    const error = await writing.catch(reason => outputFailed(reason, "Can't write file"))
    expect(error).toMatchObject({ code: 'OUTPUT_FAILED', hint: expect.stringContaining('The disk is full') })
    expect(readdirSync(path.join(folder, 'temp'))).toEqual([])
    expect(readdirSync(folder)).toEqual(['temp'])
  })

  it('removes what killed processes left, and nothing else', async () => {
    const temporary = path.join(folder, '.cuemux-temp')
    mkdirSync(temporary)
    const uuid = '00000000-0000-4000-8000-000000000000'
    const old = `00000000-${process.pid}-${uuid}`
    for (const name of ['notes.txt', old, `11111111-1-${uuid}`]) writeFileSync(path.join(temporary, name), 'x')
    utimesSync(path.join(temporary, old), 1, 1)
    utimesSync(path.join(temporary, 'notes.txt'), 1, 1)
    await folderStore({ folder }).put('a', Buffer.from('x'))
    expect(readdirSync(temporary).sort()).toEqual([`11111111-1-${uuid}`, 'notes.txt'])
  })
})

describe('a killed process', () => {
  let compiled: Compiled
  beforeEach(() => {
    compiled = compile('publish')
  })
  afterEach(() => compiled.remove())

  it.each(['folder', 'ipfs'])(
    'leaves no torn file (%s)',
    async kind => {
      for (let kill = 0; kill < 6; kill++) {
        const worker = new Worker(compiled.script('publish-worker'), kind, folder)
        const address = (await worker.hear('stored')).text ?? ''
        await new Promise(resolve => setTimeout(resolve, 5 + 17 * kill))
        await worker.kill()
        const told = worker.heard.map(message => message.text ?? '')
        expect(told).toContain(address)
        await checkAll(kind, new Set(told))
      }
      // The next process removes what the killed ones had begun.
      const store = kind === 'ipfs' ? ipfsStore({ folder }) : folderStore({ folder })
      await store.put('last', Buffer.from('x'))
      const temporary = path.join(folder, kind === 'ipfs' ? 'temp' : '.cuemux-temp')
      expect(readdirSync(temporary)).toEqual([])
    },
    60_000,
  )

  async function checkAll(kind: string, told: ReadonlySet<string>): Promise<void> {
    const store = kind === 'ipfs' ? ipfsStore({ folder }) : folderStore({ folder })
    for (const address of told) expect(await store.verify(address)).toBeDefined()
    if (kind === 'ipfs') return
    // Also those that were stored and not told yet.
    for (const name of readdirSync(path.join(folder, 'video-1'))) {
      const file = path.join(folder, 'video-1', name)
      expect(statSync(file).isFile()).toBe(true)
      expect(Buffer.compare(readFileSync(file), bodyOf(`video-1/${name}`))).toBe(0)
    }
  }
})
