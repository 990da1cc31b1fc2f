// Sound whose codec only ffmpeg can name: it reads that out of the film by itself, and what it doesn't decode is left out.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { folderStore } from '@cuemux/store'
import { createLadder, openMedia } from 'cuemux'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { judge } from '../hls-check/judge.js'
import { makeMedia } from '../media/media.js'
import { countingFile, presentFile } from '../support/presentation.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-sound-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test.each(['adpcm_ms.mkv', 'adpcm_ima_qt.mov'])('%s is encoded, in step with the picture', async name => {
  const source = await makeMedia(name)
  const { presentation, load, close } = await presentFile(source)
  try {
    expect(presentation.plan.renditions.map(({ kind }) => kind)).toEqual(['video', 'audio'])
    const { summary, facts } = await judge(load, { source })
    expect(summary).toEqual([])
    expect(Math.abs(facts.skewMs ?? Number.NaN)).toBeLessThan(1.1)
  } finally {
    await close()
  }
})

test('far away it is read through the source', async () => {
  const source = await countingFile(await makeMedia('adpcm_ms.mkv'), 512 * 1024)
  const media = await openMedia(source)
  try {
    const presentation = await media.hls()
    source.reset()
    const { byteLength } = await presentation.resource('audio-2/1.m4s')
    expect(byteLength).toBeGreaterThan(100_000)
    expect(source.bytesRead).toBeGreaterThan(0)
  } finally {
    await media.close()
  }
})

/** A film whose codec of sound nobody knows. */
async function unknownSound(name: string, from: string, to: string): Promise<string> {
  const bytes = await readFile(await makeMedia(name), 'latin1')
  expect(bytes).toContain(from)
  const file = path.join(folder, name)
  await writeFile(file, bytes.replaceAll(from, to), 'latin1')
  return file
}

test.each([
  ['adpcm_ms.mkv', 'A_MS/ACM', 'A_XX/YYY'],
  ['adpcm_ima_qt.mov', 'ima4', 'zzz4'],
  // WAVE_FORMAT_ADPCM, two channels, 48 kHz.
  ['adpcm_ms.avi', '\x02\x00\x02\x00\x80\xbb\x00\x00', '\xef\xbe\x02\x00\x80\xbb\x00\x00'],
])('what nothing decodes in %s is left out, and the picture plays', async (name, from, to) => {
  const { presentation, load, close } = await presentFile(await unknownSound(name, from, to))
  try {
    expect(presentation.plan.renditions.map(({ name: one }) => one)).toEqual(['video-1'])
    expect((await load('video-1/0.m4s')).byteLength).toBeGreaterThan(1000)
  } finally {
    await close()
  }
})

test('a ladder has it, and goes without what nothing decodes', async () => {
  const films = [
    { input: await makeMedia('adpcm_ms.mkv'), names: ['audio-stereo', 'video-90'] },
    { input: await unknownSound('adpcm_ms.mkv', 'A_MS/ACM', 'A_XX/YYY'), names: ['video-90'] },
  ]
  for (const [i, { input, names }] of films.entries()) {
    const out = path.join(folder, `ladder-${i}`)
    const store = folderStore({ folder: out })
    const ladder = await createLadder({ input, rungs: [{ height: 90 }], store })
    await ladder.done
    await store.close()
    const judgement = await judge(file => readFile(path.join(out, file)), { source: input, isEncoded: true })
    const renditions = (await readdir(out)).filter(name => /^(audio|video)/.test(name))
    expect(renditions).toEqual(names)
    if (names.length > 1) expect(judgement.summary).toEqual([])
  }
})
