import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Checkpoint, type CheckpointJob, type CheckpointSegment } from './checkpoint.js'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cuemux-checkpoint-'))
  file = path.join(folder, 'job.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const job: CheckpointJob = {
  settings: {
    rungs: [
      { height: 720, bitrateBps: 2_500_000 },
      { height: 360, bitrateBps: 800_000 },
    ],
    to: 'ipfs',
  },
  source: { name: 'film.mkv', sizeBytes: 1000 },
}

function segment(rung: string, number: number | undefined): CheckpointSegment {
  const name = number === undefined ? 'init.mp4' : `${number}.m4s`
  return {
    rung,
    ...(number === undefined ? {} : { segment: number }),
    path: `${rung}/${name}`,
    address: `ipfs://cid-of-${rung}-${name}`,
    cid: `cid-of-${rung}-${name}`,
    timescale: 24_000,
    start: (number ?? 0) * 96_096,
    duration: number === undefined ? 0 : 96_096,
    ...(number === undefined ? {} : { keyframeRange: { offset: 0, length: 500 } }),
    sizeBytes: 1000,
  }
}

describe('Checkpoint', () => {
  it('says in plain JSON what is stored', async () => {
    const checkpoint = await Checkpoint.resume(file, job)
    expect(checkpoint.isResumed).toBe(false)
    await checkpoint.record(segment('720p', 1))
    await checkpoint.record(segment('720p', undefined))
    expect(readFileSync(file, 'utf8')).toBe(
      '{"format":"cuemux-checkpoint","version":2,' +
        '"jobSha256":"ba25fb4af9a1cf52f2ccf63b61f2bea82104cf39da7a4a18da963eb6cf29acc0",' +
        '"job":{"settings":{"rungs":[{"height":720,"bitrateBps":2500000},{"height":360,"bitrateBps":800000}],"to":"ipfs"},' +
        '"source":{"name":"film.mkv","sizeBytes":1000}},"segments":[\n' +
        '{"rung":"720p","path":"720p/init.mp4","address":"ipfs://cid-of-720p-init.mp4","cid":"cid-of-720p-init.mp4","timescale":24000,"start":0,"duration":0,"sizeBytes":1000},\n' +
        '{"rung":"720p","segment":1,"path":"720p/1.m4s","address":"ipfs://cid-of-720p-1.m4s","cid":"cid-of-720p-1.m4s","timescale":24000,"start":96096,"duration":96096,"keyframeRange":{"offset":0,"length":500},"sizeBytes":1000}\n' +
        ']}\n',
    )
  })

  it('goes on where the job was, whatever the order of the settings', async () => {
    const first = await Checkpoint.resume(file, job)
    const segments = [segment('360p', undefined), segment('360p', 2), segment('360p', 10), segment('720p', 0)]
    await Promise.all([...segments].reverse().map(each => first.record(each)))
    const again = await Checkpoint.resume(file, {
      settings: {
        to: 'ipfs',
        rungs: [
          { bitrateBps: 2_500_000, height: 720 },
          { height: 360, bitrateBps: 800_000 },
        ],
      },
      source: job.source,
    })
    expect(again.isResumed).toBe(true)
    expect(again.segments).toEqual(segments)
    expect(again.find('360p', 2)).toEqual(segments[1])
    expect(again.find('360p')).toEqual(segments[0])
    expect(again.find('360p', 3)).toBeUndefined()
    again.forget('360p', 2)
    await again.record(segment('720p', 1))
    expect((await Checkpoint.resume(file, job)).find('360p', 2)).toBeUndefined()
  })

  it('many at once are in the file when they are told so', async () => {
    const checkpoint = await Checkpoint.resume(file, job)
    const numbers = Array.from({ length: 60 }, (_, index) => index)
    await Promise.all(
      numbers.map(async number => {
        await new Promise(resolve => setTimeout(resolve, number % 7))
        await checkpoint.record(segment('720p', number))
        const written = JSON.parse(readFileSync(file, 'utf8')) as { segments: CheckpointSegment[] }
        expect(written.segments.some(each => each.segment === number)).toBe(true)
      }),
    )
    expect((await Checkpoint.resume(file, job)).segments.length).toBe(60)
  })

  it('refuses other settings and another source, naming the difference', async () => {
    await (await Checkpoint.resume(file, job)).record(segment('720p', 0))
    const settings = {
      rungs: [{ height: 720, bitrateBps: 2_000_000 }, { height: 360, bitrateBps: 800_000 }, { height: 240 }],
      to: 'ipfs',
      codec: 'hevc',
    }
    await expect(Checkpoint.resume(file, { ...job, settings })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message:
        `The checkpoint ${file} is of a job with other settings: settings.rungs.0.bitrateBps was 2500000, is now 2000000; ` +
        'settings.rungs.2 was not given, is now {"height":240}; settings.codec was not given, is now "hevc".',
      hint: 'Run the job as it was, or remove this file to begin anew.',
    })
    await expect(
      Checkpoint.resume(file, { ...job, source: { name: 'film.mkv', sizeBytes: 1001 } }),
    ).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      message: `The checkpoint ${file} is of a job with another source: source.sizeBytes was 1000, is now 1001.`,
    })
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{"format":'],
    ['a list', '[]'],
    ['other JSON', '{}'],
    ['another version', '{"format":"cuemux-checkpoint","version":1}'],
  ])('refuses %s', async (_, text) => {
    writeFileSync(file, text)
    await expect(Checkpoint.resume(file, job)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      hint: 'Remove this file to begin anew.',
    })
  })

  it.each([
    ['a field of another type', '"duration":96096', '"duration":"96096"'],
    ['a negative number', '"sizeBytes":1000}', '"sizeBytes":-1}'],
    ['a field too many', '"rung":"720p"', '"rung":"720p","more":1'],
    ['a missing field', '"path":"720p/0.m4s",', ''],
    ['a changed job', '"bitrateBps":800000', '"bitrateBps":800001'],
  ])('refuses %s', async (_, before, after) => {
    await (await Checkpoint.resume(file, job)).record(segment('720p', 0))
    const text = readFileSync(file, 'utf8')
    expect(text).toContain(before)
    writeFileSync(file, text.replace(before, after))
    await expect(Checkpoint.resume(file, job)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  it('takes nothing that it could not read again', async () => {
    const checkpoint = await Checkpoint.resume(file, job)
    const wrong = { ...segment('720p', 1), duration: 0.5 }
    await expect(checkpoint.record(wrong)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: "This is no segment to record: The 'duration' field must be an integer.",
    })
    await checkpoint.record({ ...segment('720p', 1), more: 'is left out' } as CheckpointSegment)
    expect((await Checkpoint.resume(file, job)).segments).toEqual([segment('720p', 1)])
    const circle: Record<string, unknown> = {}
    circle.settings = circle
    for (const given of [
      {},
      { ...job, settings: 'none' },
      { ...job, source: undefined },
      { ...job, settings: circle },
    ]) {
      await expect(Checkpoint.resume(file, given as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    }
  })

  it('is removed when the job is done', async () => {
    const checkpoint = await Checkpoint.resume(file, job)
    await Promise.all([checkpoint.record(segment('720p', 0)), checkpoint.record(segment('720p', 1))])
    await checkpoint.close()
    expect(readdirSync(folder)).toEqual(['job.json'])
    await checkpoint.remove()
    await checkpoint.remove()
    expect(readdirSync(folder)).toEqual([])
  })

  it('that cannot be written says so', async () => {
    writeFileSync(path.join(folder, 'file'), '')
    const checkpoint = await Checkpoint.resume(path.join(folder, 'file', 'job.json'), job).catch(
      (error: unknown) => error,
    )
    expect(checkpoint).toMatchObject({ code: 'OUTPUT_FAILED' })
    await expect(Checkpoint.resume(file, job, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    })
  })
})
