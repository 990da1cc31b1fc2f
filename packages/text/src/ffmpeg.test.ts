import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { splitAnnexB } from '@cuemux/codecs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { batchOf, type TestSample, textTrack, videoTrack } from '../testing/batches.js'
import { injectIntoAnnexB, type TestCaption } from '../testing/captions-608.js'
import { readCaptions } from './captions.js'
import { parseSubtitleFile } from './file.js'
import { readTextSamples } from './samples.js'
import { writeWebVtt } from './write.js'

// A second opinion: what ffmpeg makes of the same subtitles and captions.

const CAPTIONS: readonly TestCaption[] = [
  { startUs: 2_000_000, endUs: 4_000_000, rows: ['Hello there, viewer', 'second row'], column: 8 },
  { startUs: 5_000_000, endUs: 7_000_000, rows: ['At the top'], row: 2 },
  { startUs: 7_600_000, endUs: 9_000_000, rows: ['The end...'] },
]

let folder = ''
const file = (name: string): string => path.join(folder, name)

function run(program: string, options: readonly string[]): string {
  return execFileSync(program, options, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

function ffmpeg(...options: string[]): string {
  return run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...options])
}

/** Start, end and lines without tags. */
function plain(webvtt: string): (readonly [startUs: number, endUs: number, text: string])[] {
  const { cues } = parseSubtitleFile(new TextEncoder().encode(webvtt), { format: 'webvtt' })
  return cues.map(({ startUs, endUs, payload }) => [startUs, endUs, payload.replace(/<[^>]*>/g, '').trim()] as const)
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cuemux-text-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('beside ffmpeg', () => {
  const srt = `1
00:00:00,250 --> 00:00:02,900
A line with <i>style</i>, <b>weight</b> & an ampersand

2
00:00:04,250 --> 00:00:06,900
Two lines:
1 < 2

3
00:00:06,000 --> 00:01:06,999
overlaps the one before: <u>été</u>
`

  it.each(['srt', 'ass'])('%s says the same in WebVTT', format => {
    writeFileSync(file('in.srt'), srt)
    ffmpeg('-i', 'in.srt', `in2.${format}`)
    const theirs = ffmpeg('-i', `in2.${format}`, '-f', 'webvtt', '-')
    const ours = writeWebVtt(parseSubtitleFile(readFileSync(file(`in2.${format}`))).cues)
    expect(plain(ours)).toEqual(plain(theirs))
    // ffmpeg leaves what is no tag as it is.
    expect(ours).toContain('A line with <i>style</i>, <b>weight</b> &amp; an ampersand\n')
    expect(ours).toContain('Two lines:\n1 &lt; 2\n')
  })

  it.each([
    ['srt', 'sub.mkv', 'srt', 'S_TEXT/UTF8'],
    ['ass', 'sub.mkv', 'ass', 'S_TEXT/ASS'],
    ['mov_text', 'sub.mp4', 'tx3g', 'tx3g'],
  ] as const)('%s in %s says the same in WebVTT', (encoder, name, codec, containerCodec) => {
    writeFileSync(file('in.srt'), srt)
    ffmpeg('-i', 'in.srt', '-c:s', encoder, name)
    const { header, samples } = packetsOf(name)
    const ours = readTextSamples(textTrack(codec, containerCodec, header), batchOf(samples))
    expect(plain(writeWebVtt(ours))).toEqual(plain(ffmpeg('-i', name, '-f', 'webvtt', '-')))
    expect(ours[0]?.payload).toBe('A line with <i>style</i>, <b>weight</b> &amp; an ampersand')
    expect(ours[1]?.payload).toBe('Two lines:\n1 &lt; 2')
  })

  it('captions come back as they were put in', async () => {
    const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-g', '50', '-slices', '1', '-threads', '1']
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=10', ...encoder, '-f', 'h264', 'plain.h264')
    const stream = injectIntoAnnexB(readFileSync(file('plain.h264')), { CC1: CAPTIONS }, 40_000)
    writeFileSync(file('captions.h264'), stream)
    ffmpeg('-r', '25', '-i', 'captions.h264', '-c', 'copy', 'captions.mp4')
    const read = ffmpeg('-f', 'lavfi', '-i', 'movie=captions.mp4[out0+subcc]', '-map', '0:s', '-f', 'webvtt', '-')
    const theirs = plain(read).map(([startUs, endUs, text]) => [startUs, endUs, text.replace(/\\h| +/g, ' ')])
    const cues = await readCaptions({ track: videoTrack(), batches: [batchOf(accessUnits(stream))] })
    const ours = cues.get('CC1')!.map(({ startUs, endUs, payload }) => [startUs, endUs, payload])
    expect(ours).toEqual(CAPTIONS.map(({ startUs, endUs, rows }) => [startUs, endUs, rows.join('\n')]))
    expect(theirs).toEqual(ours)
  })
})

interface Probed {
  readonly packets: readonly { readonly pts_time: string; readonly duration_time: string; readonly data: string }[]
  readonly streams: readonly { readonly extradata?: string }[]
}

/** Samples of a file's subtitles, ms, and the header of ASS, as ffprobe finds them. */
function packetsOf(name: string): { readonly header: string; readonly samples: readonly TestSample[] } {
  const show = ['-v', 'error', '-select_streams', 's:0', '-show_packets', '-show_streams', '-show_data', '-of', 'json']
  const probed = JSON.parse(run('ffprobe', [...show, name])) as Probed
  const ms = (seconds: string): number => Math.round(Number(seconds) * 1000)
  const samples = probed.packets.map(packet => {
    return [ms(packet.pts_time), ms(packet.duration_time), bytesOf(packet.data)] as const
  })
  return { header: new TextDecoder('latin1').decode(bytesOf(probed.streams[0]?.extradata ?? '')), samples }
}

/** `00000000: 4142 43   ABC`, line by line. */
function bytesOf(dump: string): Uint8Array {
  const hex = dump.replace(/^[\da-f]{8}: ([\da-f ]{39}).*$/gm, '$1').replace(/\s/g, '')
  return Uint8Array.from(hex.match(/../g) ?? [], byte => Number.parseInt(byte, 16))
}

/** Samples of a stream with one slice a picture, 25 a second. */
function accessUnits(stream: Uint8Array): TestSample[] {
  const samples: TestSample[] = []
  let units: number[] = []
  for (const unit of splitAnnexB(stream)) {
    units.push(unit.length >>> 24, unit.length >>> 16, unit.length >>> 8, unit.length, ...unit)
    const type = unit[0]! & 31
    if (type !== 1 && type !== 5) continue
    samples.push([samples.length * 40, 40, Uint8Array.from(units)])
    units = []
  }
  return samples
}
