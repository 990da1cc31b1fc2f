import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { KuboServer } from '../../testing/kubo-server.js'
import { S3Server } from '../../testing/s3-server.js'
import { patternFile } from '../../testing/unixfs-encoder.js'
import { folderStore } from './folder-store.js'
import { kuboStore } from './kubo-store.js'
import type { PublishStore } from './publish-store.js'
import { s3Store } from './s3-store.js'

let folder: string
let s3: S3Server
let kubo: KuboServer
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'cuemux-find-'))
  s3 = await S3Server.start('films')
  kubo = await KuboServer.start()
})
afterAll(async () => {
  await Promise.all([s3.close(), kubo.close()])
  rmSync(folder, { recursive: true, force: true })
})

const stores: Readonly<Record<string, () => PublishStore>> = {
  'a folder': () => folderStore({ folder, publicUrl: 'https://cdn.example' }),
  'a bucket': () => {
    const endpoint = `http://127.0.0.1:${s3.port}`
    return s3Store({ endpoint, region: 'us-east-1', bucket: 'films', prefix: 'a', credentials: S3Server.credentials })
  },
  'a Kubo node': () => kuboStore({ url: `http://127.0.0.1:${kubo.port}`, gateway: 'https://gateway.example' }),
}

it.each(Object.keys(stores))('%s finds a file that it has, and none of other bytes', async name => {
  const store = stores[name]?.() as PublishStore
  // Below one part of S3, and above it.
  for (const lengthBytes of [0, 1000, name === 'a bucket' ? 8 * 2 ** 20 + 1 : 600_000]) {
    const file = patternFile(lengthBytes)
    const pieces = [file.subarray(0, lengthBytes / 3), file.subarray(lengthBytes / 3)]
    const where = `video/${lengthBytes}.m4s`
    expect(await store.find?.(where, pieces)).toBeUndefined()
    const stored = await store.put(where, pieces)
    expect(await store.find?.(where, pieces)).toEqual(stored)
    const other = Uint8Array.from([...file.subarray(0, -1), 7])
    expect(await store.find?.(where, [other])).toBeUndefined()
  }
})
