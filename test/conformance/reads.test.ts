import { openMedia } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { clusterSizes, indexExtent } from '../support/matroska-layout.js'
import { countingFile } from '../support/presentation.js'

const KIB = 1024
const REMOTE_SEEK_COST = 512 * KIB

describe.each(['h264_aac.mkv', 'h264_cuesfront.mkv', 'long.mkv'])('%s', name => {
  test('is opened with at most three reads of its head and Cues', async () => {
    const file = await makeMedia(name)
    const { headBytes, cuesBytes } = await indexExtent(file)
    const source = await countingFile(file, REMOTE_SEEK_COST)
    const media = await openMedia(source)
    await media.hls()
    expect(source.reads.length).toBeLessThanOrEqual(3)
    expect(source.bytesRead).toBeLessThanOrEqual(headBytes + cuesBytes + 128 * KIB)
    await media.close()
  })

  test('gives a segment for at most 1.05 times its bytes and one cluster', async () => {
    const file = await makeMedia(name)
    const cluster = Math.max(...(await clusterSizes(file)))
    const source = await countingFile(file)
    const media = await openMedia(source)
    const presentation = await media.hls({ muxed: true })
    const segments = (await presentation.resources()).filter(resource => resource.kind === 'segment')
    // The first segment may bring what only the first samples tell; after it every segment stands alone.
    await presentation.resource(segments[0]?.path ?? '')
    for (const { path } of segments.slice(1, 12)) {
      source.reset()
      const { byteLength } = await presentation.resource(path)
      expect([path, source.bytesRead <= 1.05 * byteLength + cluster, source.bytesRead, byteLength]).toEqual([
        path,
        true,
        source.bytesRead,
        byteLength,
      ])
    }
    await media.close()
  })
})

describe.each(['h264_aac.mp4', 'h264_aac_fast.mp4', 'long.mp4'])('%s', name => {
  test('is opened with at most three reads of its moov', async () => {
    const file = await makeMedia(name)
    const source = await countingFile(file, REMOTE_SEEK_COST)
    const media = await openMedia(source)
    await media.hls()
    expect(source.reads.length).toBeLessThanOrEqual(3)
    const moov = name === 'long.mp4' ? 2 * KIB * KIB : 128 * KIB
    expect(source.bytesRead).toBeLessThanOrEqual(moov + 128 * KIB)
    await media.close()
  })

  test('gives a segment for at most 1.05 times its bytes', async () => {
    const source = await countingFile(await makeMedia(name))
    const media = await openMedia(source)
    const presentation = await media.hls({ muxed: true })
    const segments = (await presentation.resources()).filter(resource => resource.kind === 'segment')
    await presentation.resource(segments[0]?.path ?? '')
    for (const { path } of segments.slice(1, 12)) {
      source.reset()
      const { byteLength } = await presentation.resource(path)
      expect(source.bytesRead, path).toBeLessThanOrEqual(1.05 * byteLength)
    }
    await media.close()
  })
})
