import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { decodeErrors, decodeFrames, decodeSound, firstTime, likeness, PCM_RATE } from './decode.js'
import { type Finding, Findings } from './findings.js'
import { type Attributes, type MasterPlaylist, readMaster, readMedia, resolvePath } from './playlist.js'
import { type Load, type Rendition, readRendition } from './rendition.js'
import { findShift, joinQuality, signalToNoise } from './sound.js'

/** What the judge is asked to look at. */
export interface JudgeOptions {
  /** The film that the presentation was made from: both are decoded and compared. */
  readonly source?: string
  /** How far BANDWIDTH may lie above the measured peak; 1.1 where the index knows every sample's size. */
  readonly bandwidthSlack?: number
  /** The picture is encoded: it is like the source's, not the same. */
  readonly isEncoded?: boolean
}

/** The judge's result. */
export interface Judgement {
  /** Broken rules; empty for a good presentation. */
  readonly findings: readonly Finding[]
  /** One line per broken rule. */
  readonly summary: readonly string[]
  /** What was measured. */
  readonly facts: Record<string, number>
}

const TEXT = new TextDecoder()

/** Judges a presentation by its bytes, and against its source when one is given. */
export async function judge(load: Load, options: JudgeOptions = {}): Promise<Judgement> {
  const findings = new Findings()
  const facts: Record<string, number> = {}
  const master = readMaster(TEXT.decode(await load('master.m3u8')), 'master.m3u8', findings)
  const rules = { independentSegments: master.tags.has('EXT-X-INDEPENDENT-SEGMENTS') }
  const read = async (playlist: string): Promise<Rendition> =>
    readRendition(readMedia(TEXT.decode(await load(playlist)), playlist, findings), load, rules, findings)
  const renditions = new Map<string, Rendition>()
  for (const playlist of renditionPaths(master)) renditions.set(playlist, await read(playlist))
  for (const variant of master.variants) checkVariant(variant, master, renditions, options, findings)
  const targets = new Set([...renditions.values()].map(rendition => rendition.playlist.targetSeconds))
  findings.expect(targets.size <= 1, 'TARGETDURATION is the same everywhere', [...targets].join())
  const lengths = [...renditions.values()].flatMap(({ playlist }) => playlist.segments.map(({ seconds }) => seconds))
  const longest = Math.max(1, ...lengths)
  // The rounded longest of all renditions: 6.016 s has a target of 6, not of 7.
  findings.expect(
    [...targets].every(target => target === Math.round(longest)),
    'TARGETDURATION is tight',
    `${longest}`,
  )
  await compare([...renditions.values()], options, findings, facts)
  return { findings: findings.list, summary: findings.summary(), facts }
}

function renditionPaths(master: MasterPlaylist): Set<string> {
  const audio = master.media.flatMap(({ TYPE, URI }) => (TYPE === 'AUDIO' && URI !== undefined ? [URI] : []))
  return new Set([
    ...master.variants.map(variant => variant.path),
    ...audio.map(uri => resolvePath('master.m3u8', uri)),
  ])
}

function checkVariant(
  { path: playlist, attributes }: { readonly path: string; readonly attributes: Attributes },
  master: MasterPlaylist,
  renditions: ReadonlyMap<string, Rendition>,
  options: JudgeOptions,
  findings: Findings,
): void {
  const own = renditions.get(playlist)
  if (own === undefined) return
  const group = master.media
    .filter(({ TYPE, URI, ...rest }) => TYPE === 'AUDIO' && URI && rest['GROUP-ID'] === attributes.AUDIO)
    .map(entry => renditions.get(resolvePath('master.m3u8', entry.URI ?? '')))
    .filter(rendition => rendition !== undefined)
    .filter(rendition => rendition !== own)
  const codecs = (attributes.CODECS ?? '').toLowerCase().split(',')
  for (const track of [own, ...group].flatMap(rendition => rendition.tracks)) {
    const known = track.codec === undefined || codecs.some(codec => codec.startsWith((track.codec ?? '').toLowerCase()))
    findings.expect(known, 'CODECS names every format', `${playlist}: ${attributes.CODECS} lacks ${track.codec}`)
  }
  if (own.tracks.some(track => track.kind === 'video')) {
    findings.expect(/^\d+x\d+$/.test(attributes.RESOLUTION ?? ''), 'STREAM-INF has RESOLUTION', playlist)
    findings.expect(attributes['FRAME-RATE'] !== undefined, 'STREAM-INF has FRAME-RATE', playlist)
  }
  if (own.playlist.segments.length < 2) return
  const peak = own.peakBps + Math.max(0, ...group.map(rendition => rendition.peakBps))
  const said = Number(attributes.BANDWIDTH)
  const detail = `${playlist}: says ${said}, measured ${Math.round(peak)}`
  findings.expect(said >= peak * 0.999, 'BANDWIDTH covers the peak', detail)
  findings.expect(said <= peak * (options.bandwidthSlack ?? 1.5), 'BANDWIDTH is near the peak', detail)
}

async function compare(
  renditions: readonly Rendition[],
  { source, isEncoded }: JudgeOptions,
  findings: Findings,
  facts: Record<string, number>,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-judge-'))
  try {
    const files = new Map<Rendition, string>()
    for (const [i, rendition] of renditions.entries()) {
      const file = path.join(folder, `${i}.mp4`)
      await writeFile(file, rendition.file)
      files.set(rendition, file)
      const errors = await decodeErrors(file)
      findings.expect(errors.length === 0, 'it decodes without errors', `${rendition.label}: ${errors[0]}`)
    }
    if (source === undefined) return
    const has = (kind: string) => (rendition: Rendition) => rendition.tracks.some(track => track.kind === kind)
    const video = renditions.find(has('video'))
    const audio =
      renditions.find(rendition => has('audio')(rendition) && !has('video')(rendition)) ?? renditions.find(has('audio'))
    const [videoFile, audioFile] = [video && files.get(video), audio && files.get(audio)]
    if (videoFile !== undefined) await comparePicture(source, videoFile, isEncoded === true, findings, facts)
    if (audio !== undefined && audioFile !== undefined) {
      const shift = await compareSound(source, audioFile, audio, findings, facts)
      if (videoFile !== undefined) await compareSync(source, videoFile, audioFile, shift, findings, facts)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function comparePicture(
  source: string,
  output: string,
  isEncoded: boolean,
  findings: Findings,
  facts: Record<string, number>,
): Promise<void> {
  const [before, after] = await Promise.all([decodeFrames(source), decodeFrames(output)])
  facts.frames = after.length
  findings.expect(before.length === after.length, 'no frame is lost', `source ${before.length}, output ${after.length}`)
  const pairs = before.slice(0, after.length).map((frame, i) => [frame, after[i] ?? frame] as const)
  const zero = (after[0]?.time ?? 0) - (before[0]?.time ?? 0)
  const errors = pairs.map(([a, b]) => Math.abs(b.time - a.time - zero))
  const worst = Math.max(0, ...errors)
  facts.videoTimeErrorMs = worst * 1000
  findings.expect(
    worst <= 0.0016,
    'frames keep their times',
    `frame ${errors.indexOf(worst)} is ${worst * 1000} ms off`,
  )
  if (isEncoded) {
    facts.psnrDb = await likeness(source, output)
    findings.expect(facts.psnrDb > 28, 'the picture is the same', `${facts.psnrDb} dB`)
    return
  }
  const different = pairs.findIndex(([a, b]) => a.hash !== b.hash)
  findings.expect(different < 0, 'frames are identical', `first difference at frame ${different}`)
}

/** Returns the output's shift against the source, samples. */
async function compareSound(
  source: string,
  output: string,
  rendition: Rendition,
  findings: Findings,
  facts: Record<string, number>,
): Promise<number> {
  const [before, after] = await Promise.all([decodeSound(source), decodeSound(output)])
  const shift = findShift(before, after)
  const end = Math.min(before.length, after.length - shift) - 4_800
  const ratio = signalToNoise(before, after, shift, 4_800, end)
  facts.soundShiftSamples = shift
  facts.soundRatioDb = ratio
  findings.expect(ratio > 10, 'the sound is the same', `${ratio.toFixed(1)} dB at a shift of ${shift}`)
  const joins = rendition.joins.map(time => Math.round(time * PCM_RATE)).filter(join => join < before.length - 24_000)
  if (joins.length > 0) {
    const { worstJoin, elsewhere } = joinQuality(before, after, shift, joins)
    const detail = `${worstJoin.toFixed(1)} dB at a join, ${elsewhere.toFixed(1)} dB elsewhere`
    findings.expect(worstJoin > elsewhere - 6, 'segments join without a click', detail)
  }
  const missing = Math.abs(before.length - after.length)
  findings.expect(missing <= 4_096, 'the sound keeps its length', `${missing} samples differ`)
  return shift
}

async function compareSync(
  source: string,
  videoFile: string,
  audioFile: string,
  shift: number,
  findings: Findings,
  facts: Record<string, number>,
): Promise<void> {
  const [sourceVideo, sourceAudio, video, audio] = await Promise.all([
    firstTime(source, 'v:0'),
    firstTime(source, 'a:0'),
    firstTime(videoFile, 'v:0'),
    firstTime(audioFile, 'a:0'),
  ])
  if (sourceVideo === undefined || sourceAudio === undefined || video === undefined || audio === undefined) return
  const skewMs = (audio - sourceAudio + shift / PCM_RATE - (video - sourceVideo)) * 1000
  facts.skewMs = skewMs
  findings.expect(Math.abs(skewMs) < 2.1, 'sound and picture stay together', `${skewMs.toFixed(2)} ms`)
}
