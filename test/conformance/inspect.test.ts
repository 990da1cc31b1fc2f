// `cuemux inspect` as it is built, on films of all three structures.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hopelessInputs } from '../faults/inputs.js'
import { makeMedia } from '../media/media.js'
import { type Finished, runProgram } from '../support/process.js'
import { serveRanges } from '../support/range-server.js'

const main = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))
const sample = (extension: string): string =>
  fileURLToPath(new URL(`../../sample/cuemux-sample.${extension}`, import.meta.url))
const inspect = (...args: string[]): Promise<Finished> => runProgram(process.execPath, [main, 'inspect', ...args])

interface Node {
  readonly name: string
  readonly offsetBytes: number
  readonly sizeBytes?: number
  readonly value?: string
  readonly children?: readonly Node[]
  readonly omitted?: Readonly<Record<string, number>>
}

async function treeOf(...args: string[]): Promise<Node> {
  const { code, stdout, stderr } = await inspect(...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout.toString()) as Node
}

/** The first node at a path of names. */
function at(tree: Node, ...names: string[]): Node {
  return names.reduce((node, name) => {
    const found = node.children?.find(child => child.name === name)
    if (found === undefined) throw new Error(`no ${name} in ${node.name}: ${node.children?.map(child => child.name)}`)
    return found
  }, tree)
}

/** Every node lies in its parent. */
function expectNested(node: Node): void {
  for (const child of node.children ?? []) {
    const inside = child.offsetBytes >= node.offsetBytes && end(child) <= end(node)
    if (!inside) throw new Error(`${child.name} at ${child.offsetBytes} is not in ${node.name} at ${node.offsetBytes}`)
    expectNested(child)
  }
}
const end = (node: Node): number => node.offsetBytes + (node.sizeBytes ?? 0)

describe('elements of an MKV', () => {
  test('are shown with their values', async () => {
    const tree = await treeOf(sample('mkv'))
    expectNested(tree)
    expect(at(tree, 'EBML', 'DocType').value).toBe('"matroska"')
    expect(at(tree, 'Segment', 'Info', 'TimecodeScale').value).toBe('1000000')
    expect(at(tree, 'Segment', 'Tracks', 'TrackEntry', 'Video', 'PixelWidth').value).toBe('640')
    expect(at(tree, 'Segment', 'Cluster', 'SimpleBlock').value).toMatch(/^track 1, \+0, keyframe, \d+ bytes$/)
    expect(at(tree, 'Segment').omitted).toEqual({ Cluster: 14 })
  })

  test('that are newer than the table of names are shown by their ids', async () => {
    const tree = await treeOf(sample('mkv'))
    expect(at(tree, 'Segment', 'Tracks', 'TrackEntry', 'Video', '0x55B0').sizeBytes).toBe(19)
  })

  test('end where the next one starts when their size is not known', async () => {
    const tree = await treeOf(await makeMedia('live.mkv'), '--max', '3')
    expect(at(tree, 'Segment', 'Cluster').sizeBytes).toBeUndefined()
    expect(at(tree, 'Segment').children?.filter(({ name }) => name === 'Cluster')).toHaveLength(3)
    expect(at(tree, 'Segment').omitted?.Cluster).toBeGreaterThan(3)
  })
})

describe('boxes of an MP4', () => {
  test('are shown with their fields', async () => {
    const tree = await treeOf(sample('mp4'))
    expectNested(tree)
    expect(tree.children?.map(({ name }) => name)).toEqual(['ftyp', 'free', 'mdat', 'moov'])
    expect(tree.children?.reduce((sum, box) => sum + (box.sizeBytes ?? 0), 0)).toBe(tree.sizeBytes)
    expect(at(tree, 'moov', 'trak', 'mdia', 'mdhd').value).toMatch(/timescale=16000 duration=767984/)
    const entry = at(tree, 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd', 'avc1')
    expect(entry.value).toMatch(/width=640 height=360/)
    expect(at(entry, 'avcC').value).toMatch(/AVCProfileIndication=100/)
  })

  test('of a fragmented one are limited and counted', async () => {
    const tree = await treeOf(await makeMedia('h264_aac_frag.mp4'), '--max', '2', '--depth', '3')
    expect(tree.children?.filter(({ name }) => name === 'moof')).toHaveLength(2)
    expect(tree.omitted?.moof).toBeGreaterThan(10)
    expect(at(tree, 'moof', 'traf', 'tfhd').value).toMatch(/track_id=1/)
    expect(at(tree, 'moov', 'trak', 'mdia').omitted).toEqual({ mdhd: 1, hdlr: 1, minf: 1 })
  })

  test('behind HTTP are found without the media', async () => {
    const server = await serveRanges(await makeMedia('h264_aac.mp4'))
    try {
      const tree = await treeOf(server.url)
      expect(at(tree, 'moov', 'mvhd').value).toMatch(/timescale=1000/)
      expect(server.bytes).toBeLessThan(400_000)
    } finally {
      await server.close()
    }
  })
})

describe('packets of a transport stream', () => {
  test('are shown by stream, unit and packet', async () => {
    const tree = await treeOf(await makeMedia('h264_aac.ts'), '--max', '3')
    expect(tree.value).toBe('packets of 188 bytes')
    expect(at(tree, 'PAT', 'table').value).toBe('PMT on PID 4096')
    expect(at(tree, 'PID 4096').value).toMatch(/^PMT, \d+ packets$/)
    expect(at(tree, 'PID 4096', 'table').value).toBe('PID 256: H.264, PID 257: AAC (ADTS)')
    expect(at(tree, 'PID 256', 'PES').value).toMatch(/^stream e0, pts \d+, dts \d+$/)
    expect(at(tree, 'PID 256', 'PES', 'packet').value).toMatch(/^counter 0, random access, pcr \d+$/)
    expect(at(tree, 'PID 256').omitted).toEqual({ PES: 717 })
  })
})

describe('for people', () => {
  test('it is a tree of lines', async () => {
    const { code, stdout } = await inspect(sample('mp4'), '--depth', '2')
    expect(code).toBe(0)
    const lines = stdout.toString().split('\n')
    expect(lines[0]).toBe('cuemux-sample.mp4: MP4 boxes, read by mp4box; 1.5 MB')
    expect(lines.slice(1, 6).map(line => line.slice(0, 40).trimEnd())).toEqual([
      '      0       32  ftyp  major_brand=isom',
      '     32        8  free',
      '     40  1444090  mdat',
      '1444130    39533  moov',
      '1444138      108    mvhd  creation_time=',
    ])
  })
})

describe('what has no structure', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cuemux-inspect-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test.each(Object.entries(hopelessInputs()))('%s ends with a tree or one clear line', async (name, bytes) => {
    const file = path.join(folder, name)
    await writeFile(file, bytes)
    const { code, stdout, stderr } = await inspect(file)
    if (code === 0) expect(stdout.toString()).toMatch(/read by (mp4box|ebml|mux\.js)/)
    else expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^cuemux: [A-Z_]+: [^\n]{10,}\n$/) })
  })

  test('a text is no container', async () => {
    const file = path.join(folder, 'a.txt')
    await writeFile(file, 'This is a text.\n'.repeat(1000))
    const { code, stderr } = await inspect(file)
    expect([code, stderr.split(' ')[1]]).toEqual([1, 'UNSUPPORTED_CONTAINER:'])
  })
})
