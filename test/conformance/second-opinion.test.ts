import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { walkElements } from '@cuemux/matroska'
import * as mp4box from 'mp4box'
import { type InspectedBox, inspect } from 'mux.js/lib/tools/mp4-inspector.js'
import { describe, expect, test } from 'vitest'
import { makeMedia } from '../media/media.js'
import { bytesOf, presentFile } from '../support/presentation.js'
import { runOrThrow } from '../support/process.js'
import { readAllSamples } from '../support/samples.js'

const sampleFilm = (extension: string): string =>
  fileURLToPath(new URL(`../../sample/cuemux-sample.${extension}`, import.meta.url))

interface EbmlWalk {
  readonly elements: readonly { readonly id: string; readonly offset: number; readonly size: number }[]
  readonly tracks: readonly { readonly number: number; readonly codecId: string }[]
  readonly cues: readonly { readonly time: number; readonly track: number; readonly position: number }[]
  readonly blocks: readonly {
    readonly track: number
    readonly time: number
    readonly size: number
    readonly head: string
    readonly keyframe: boolean
  }[]
}

async function walkWithEbml(file: string): Promise<EbmlWalk> {
  const script = fileURLToPath(new URL('ebml-walk.mjs', import.meta.url))
  return JSON.parse((await runOrThrow(process.execPath, [script, file])).stdout.toString()) as EbmlWalk
}

describe('Matroska beside ebml', () => {
  test.each(['h264_aac.mkv', 'two_sounds.mkv', 'lacing.mkv', 'zlib.mkv', 'sample'])('elements of %s', async name => {
    const file = name === 'sample' ? sampleFilm('mkv') : await makeMedia(name)
    const { elements } = await walkWithEbml(file)
    const own = [...walkElements(await readFile(file))].map(({ id, offset, size }) => ({
      id: id.toString(16),
      offset,
      size,
    }))
    // ebml reads sizes of eight bytes wrongly; and it doesn't know the masters that came after it, as Colour: what
    // is in them is one element to it.
    const segment = '18538067'
    const offsets = new Set(elements.map(element => element.offset))
    const shared = own.filter(element => offsets.has(element.offset) && element.id !== segment)
    expect(shared).toEqual(elements.filter(element => element.id !== segment))
    const inside = own.filter(({ offset }) => !offsets.has(offset))
    const holds = (offset: number): boolean =>
      elements.some(
        element => element.offset < offset && offset < element.offset + element.size && element.id !== segment,
      )
    expect(inside.filter(({ offset }) => !holds(offset))).toEqual([])
    expect(own.length - inside.length).toBeGreaterThan(1000)
  })

  test.each(['h264_aac.mkv', 'h264_vfr.mkv', 'h264_offset10.mkv', 'sample'])('%s', async name => {
    const file = name === 'sample' ? sampleFilm('mkv') : await makeMedia(name)
    const walked = await walkWithEbml(file)
    const { media, rows } = await readAllSamples(file)
    const { tracks, keyframes } = media.index
    expect(tracks.map(track => ({ number: track.id, codecId: track.containerCodec }))).toEqual(walked.tracks)

    const cues = walked.cues.filter(cue => cue.track === keyframes.trackId)
    const toMs = (time: number): number => Math.round((time * 1000) / keyframes.timescale)
    expect(Array.from(keyframes.time, toMs)).toEqual(cues.map(cue => cue.time))

    for (const [id, own] of rows) {
      const blocks = walked.blocks.filter(block => block.track === id)
      expect(own.map(({ size, head }) => ({ size, head }))).toEqual(blocks.map(({ size, head }) => ({ size, head })))
      const timescale = tracks.find(track => track.id === id)?.timescale ?? 1
      // A block's time is rounded to 1 ms; on the frame grid it may lie up to that far from it.
      const worst = Math.max(...own.map((row, i) => Math.abs((row.pts * 1000) / timescale - (blocks[i]?.time ?? 0))))
      expect(worst).toBeLessThanOrEqual(1.1)
      if (id === keyframes.trackId) expect(own.map(row => row.isSync)).toEqual(blocks.map(block => block.keyframe))
    }
    await media.close()
  })
})

describe('moov beside mp4box', () => {
  test.each(['h264_aac.mp4', 'h264_aac.mov', 'aac_only.m4a', 'rotated.mp4', 'sample'])('%s', async name => {
    const file = name === 'sample' ? sampleFilm('mp4') : await makeMedia(name)
    const second = mp4box.createFile()
    const bytes = await readFile(file)
    const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    second.appendBuffer(mp4box.MP4BoxBuffer.fromArrayBuffer(copy, 0))
    second.flush()
    const theirs = second.getInfo().tracks
    const { media, rows } = await readAllSamples(file)
    expect(media.index.tracks.map(track => track.id)).toEqual(theirs.map(track => track.id))
    for (const track of media.index.tracks) {
      const expected = second.getTrackSamplesInfo(track.id)
      const own = rows.get(track.id) ?? []
      const described = theirs.find(({ id }) => id === track.id)
      expect(track.descriptions[0].codecString?.toLowerCase()).toBe(described?.codec.toLowerCase())
      expect(track.timescale).toBe(described?.timescale)
      // Times are the media's own in mp4box and the film's here: an edit list moves all of them alike.
      const moved = (own[0]?.pts ?? 0) - (expected[0]?.cts ?? 0)
      expect(own.map(({ pts, size, isSync }) => ({ pts: pts - moved, size, isSync }))).toEqual(
        expected.map(({ cts, size, is_sync }) => ({ pts: cts, size, isSync: is_sync })),
      )
      expect(own.slice(0, -1).map(row => row.duration)).toEqual(expected.slice(0, -1).map(sample => sample.duration))
    }
    await media.close()
  })
})

const childrenOf = (boxes: readonly InspectedBox[] | undefined, type: string): InspectedBox[] =>
  (boxes ?? []).filter(box => box.type === type)

describe('segments beside mux.js and ffprobe', () => {
  test.each(['h264_aac.mkv', 'h264_23976.mkv', 'h264_aac.mp4', 'sample'])('%s', async name => {
    const file = name === 'sample' ? sampleFilm('mkv') : await makeMedia(name)
    const { presentation, close } = await presentFile(file)
    const { media, rows } = await readAllSamples(file)
    for (const { id } of media.index.tracks) {
      const own = rows.get(id) ?? []
      const paths = (await presentation.resources())
        .map(resource => resource.path)
        .filter(name => name.includes(`-${id}/`))
      const segments = await Promise.all(
        paths.filter(name => name.endsWith('.m4s')).map(name => bytesOf(presentation, name)),
      )
      const trafs = segments
        .flatMap(bytes => childrenOf(inspect(bytes), 'moof'))
        .flatMap(moof => childrenOf(moof.boxes, 'traf'))
      const samples = trafs
        .flatMap(traf => childrenOf(traf.boxes, 'trun'))
        .flatMap(trun => trun.samples as { size?: number }[])
      expect(samples).toHaveLength(own.length)
      const starts = trafs.flatMap(traf => childrenOf(traf.boxes, 'tfdt')).map(tfdt => Number(tfdt.baseMediaDecodeTime))
      const shift = (starts[0] ?? 0) - (own[0]?.dts ?? 0)
      const times = new Set(own.map(row => row.dts + shift))
      expect(starts.filter(start => !times.has(start))).toEqual([])

      const whole = await packets(
        Buffer.concat([await bytesOf(presentation, paths.find(name => name.endsWith('init.mp4')) ?? ''), ...segments]),
      )
      expect(whole).toEqual(
        own.map(row => ({ dts: row.dts + shift, pts: row.pts + shift, size: row.size, isSync: row.isSync })),
      )
    }
    await media.close()
    await close()
  })
})

/** Packets of a fragmented MP4 as ffprobe reads them, times in its track's ticks. */
async function packets(bytes: Uint8Array): Promise<{ dts: number; pts: number; size: number; isSync: boolean }[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-probe-'))
  try {
    await writeFile(`${folder}/track.mp4`, bytes)
    const show = ['-show_entries', 'packet=pts,dts,size,flags', '-of', 'json', `${folder}/track.mp4`]
    const { stdout } = await runOrThrow('ffprobe', ['-v', 'error', ...show])
    const read = JSON.parse(stdout.toString()) as {
      packets: { pts: number; dts: number; size: string; flags: string }[]
    }
    return read.packets.map(({ pts, dts, size, flags }) => ({
      dts,
      pts,
      size: Number(size),
      isSync: flags.startsWith('K'),
    }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
