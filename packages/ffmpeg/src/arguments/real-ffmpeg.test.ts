import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encoderNamed, videoJob } from '../../testing/encoders.js'
import type { VideoJob, VideoSource, VideoTarget } from './job.js'
import { videoEncodeArguments } from './video.js'

/** ffmpeg's words for a list that is wrong, rather than a machine without the device. */
const WRONG_LIST =
  /has not been used for any stream|Unrecognized option|Option .* not found|No such filter|Undefined constant|Unable to parse|Error setting option|Invalid argument 'expr/i
const SOURCE = 'testsrc2=size=384x216:rate=25:duration=0.2'

const FFPROBE = 'ffprobe'

let folder: string
let avc: string
let hevc: string

function ffmpeg(...list: readonly string[]): { readonly ok: boolean; readonly log: string } {
  const { status, stderr } = spawnSync('ffmpeg', ['-hide_banner', '-nostdin', '-v', 'warning', '-y', ...list], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { ok: status === 0, log: stderr }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cuemux-arguments-'))
  avc = join(folder, 'avc.mkv')
  hevc = join(folder, 'hevc.mkv')
  const made = [
    ffmpeg('-f', 'lavfi', '-i', SOURCE, '-vf', 'format=yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', avc),
    ffmpeg(
      ...['-f', 'lavfi', '-i', SOURCE, '-vf', 'format=yuv420p10le', '-c:v', 'libx265', '-preset', 'ultrafast'],
      ...['-x265-params', 'log-level=error:colorprim=9:transfer=16:colormatrix=9', hevc],
    ),
  ]
  expect(made.map(({ ok }) => ok)).toEqual([true, true])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SMALL: Partial<VideoSource> = { width: 384, height: 216 }
const PQ: Partial<VideoSource> = { codec: 'hevc', bitDepth: 10, hdr: { transfer: 'pq', hasMasteringMetadata: true } }
const DECISIONS: readonly (readonly [name: string, source: Partial<VideoSource>, target: Partial<VideoTarget>])[] = [
  ['plain', {}, {}],
  ['smaller, by bit rate', {}, { heightLimit: 144, rate: { bitrateBps: 500_000 } }],
  ['interlaced', { scan: 'flagged' }, {}],
  ['interlaced by idet, turned', { scan: 'tff', rotation: 90 }, {}],
  ['decoded by the processor, smaller', { codec: 'unknown' }, { heightLimit: 144 }],
  ['PQ', PQ, {}],
  ['HLG, smaller', { ...PQ, hdr: { transfer: 'hlg', hasMasteringMetadata: false } }, { heightLimit: 144 }],
]

/** What a machine without the device says, by family. */
const EXCUSES = {
  nvenc: /Cannot load libcuda\.so\.1/,
  vaapi: /No VA display found for device \/dev\/dri\/renderD128|Failed to initialise VAAPI/,
  qsv: /Error initializing an internal MFX session|No device available for decoder: device type qsv needed/,
}

describe.each(['h264_nvenc', 'hevc_nvenc', 'h264_vaapi', 'hevc_vaapi', 'h264_qsv', 'hevc_qsv'])(
  '%s without its device',
  name => {
    const encoder = encoderNamed(name)
    const excuse = EXCUSES[encoder.family as keyof typeof EXCUSES]

    it.each(DECISIONS)('fails for the want of it alone: %s', (_, source, target) => {
      const job = videoJob({ ...SMALL, ...source }, { codec: encoder.codec, ...target })
      const { inputArguments, outputArguments } = videoEncodeArguments(job, encoder)
      const { ok, log } = ffmpeg(
        ...inputArguments,
        '-i',
        source.hdr === undefined ? avc : hevc,
        ...outputArguments,
        '-f',
        'null',
        '-',
      )
      if (ok) return // There is such a device here.
      expect(log).toMatch(excuse)
      expect(log).not.toMatch(WRONG_LIST)
    })
  },
)

/** Devices are opened before the options of the encoder and the filters are read: those are tried without them. */
describe.each(['h264_nvenc', 'hevc_nvenc', 'h264_qsv', 'hevc_qsv'])("%s's own options", name => {
  const encoder = encoderNamed(name)
  it.each<Partial<VideoTarget>>([{ rate: { quality: 'high' } }, { rate: { bitrateBps: 500_000 } }])(
    'are known: %o',
    rate => {
      const { outputArguments } = videoEncodeArguments(videoJob(SMALL, { codec: encoder.codec, ...rate }), encoder)
      const list = [...outputArguments]
      list[list.indexOf('-vf') + 1] = 'format=nv12'
      const { ok, log } = ffmpeg('-f', 'lavfi', '-i', SOURCE, ...list, '-f', 'null', '-')
      if (ok) return // There is such a device here.
      expect(log).toMatch(EXCUSES[encoder.family as keyof typeof EXCUSES])
      expect(log).not.toMatch(WRONG_LIST)
    },
  )
})

describe.each(['h264_vaapi', 'hevc_vaapi'])("%s's own options", name => {
  it('are in its help with their values', () => {
    const encoder = encoderNamed(name)
    const { stdout } = spawnSync('ffmpeg', ['-hide_banner', '-h', `encoder=${name}`], { encoding: 'utf8' })
    for (const rate of [{ quality: 'high' }, { bitrateBps: 500_000 }] as const) {
      const { outputArguments } = videoEncodeArguments(videoJob(SMALL, { codec: encoder.codec, rate }), encoder)
      const own = outputArguments.slice(outputArguments.indexOf('-c:v') + 2, outputArguments.indexOf('-g'))
      for (let index = 0; index < own.length; index += 2) {
        const [option = '', value = ''] = [own[index]!.replace(/:v$/, ''), own[index + 1]!]
        if (['-b', '-maxrate', '-bufsize'].includes(option)) continue
        expect(stdout).toMatch(new RegExp(`^  ${option} `, 'm'))
        // Not `-qp 20`; but `-level 4` must be a name, as the number 4 is no level.
        const isNamed = option === '-level' || !/^\d+$/.test(value)
        if (isNamed) expect(stdout).toMatch(new RegExp(`^     ${value.replace('.', '\\.')}\\s`, 'm'))
      }
    }
  })
})

describe('filters of devices', () => {
  const chains = ['h264_nvenc', 'h264_vaapi', 'h264_qsv'].flatMap(name =>
    DECISIONS.map(([, source, target]) => {
      const encoder = encoderNamed(name, { qsvToneMaps: false })
      return videoEncodeArguments(videoJob({ ...SMALL, ...source }, target), encoder).filter
    }),
  )
  const filters = [
    ...new Set(chains.flatMap(chain => chain.split(',')).filter(filter => /cuda|vaapi|qsv/.test(filter))),
  ]
  it.each(filters)('takes its options: %s', filter => {
    // Software pictures into a hardware filter: refused, but only after its options are read.
    const { log } = ffmpeg('-f', 'lavfi', '-i', SOURCE, '-vf', filter, '-frames:v', '1', '-f', 'null', '-')
    expect(log).not.toMatch(WRONG_LIST)
  })
})

interface Probed {
  readonly codec_name: string
  readonly profile: string
  readonly width: number
  readonly height: number
  readonly pix_fmt: string
  readonly sample_aspect_ratio: string
  readonly field_order?: string
  readonly color_range?: string
  readonly color_space?: string
  readonly color_transfer?: string
  readonly color_primaries?: string
  readonly nb_read_frames: string
}

function probe(file: string): Probed {
  const { stdout } = spawnSync(FFPROBE, ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', file], {
    encoding: 'utf8',
  })
  return (JSON.parse(stdout) as { readonly streams: readonly [Probed] }).streams[0]
}

function encode(name: string, input: string, source: Partial<VideoSource>, target: Partial<VideoTarget> = {}): Probed {
  const encoder = encoderNamed(name)
  const { inputArguments, outputArguments } = videoEncodeArguments(
    videoJob({ ...SMALL, ...source }, { codec: encoder.codec, ...target }),
    encoder,
  )
  const file = join(folder, 'out.mkv')
  const { ok, log } = ffmpeg(
    ...inputArguments,
    '-f',
    'lavfi',
    '-i',
    input,
    ...outputArguments,
    '-frames:v',
    '3',
    '-f',
    'matroska',
    file,
  )
  expect(log).not.toMatch(WRONG_LIST)
  expect(ok).toBe(true)
  return probe(file)
}

const TV = 'tv bt709 bt709 bt709'
function colour({ color_range, color_space, color_transfer, color_primaries }: Probed): string {
  return `${color_range} ${color_space} ${color_transfer} ${color_primaries}`
}

describe('encoded in software', () => {
  it.each([
    ['libx264', 'h264', 'High'],
    ['libx265', 'hevc', 'Main'],
    ['libsvtav1', 'av1', 'Main'],
    ['libaom-av1', 'av1', 'Main'],
  ])('%s keeps size, pixel aspect and colour, and makes 8-bit 4:2:0 out of anything', (name, codec, profile) => {
    const bt709 = { primaries: 1, transfer: 1, matrix: 1, fullRange: false }
    const source = { pixelAspect: [64, 45], bitDepth: 10, chroma: '4:2:2', colour: bt709 } as const
    const made = encode(name, `${SOURCE},format=yuv422p10le,setsar=64/45`, source)
    expect(made).toMatchObject({
      codec_name: codec,
      profile,
      width: 384,
      height: 216,
      pix_fmt: 'yuv420p',
      nb_read_frames: '3',
    })
    expect(made.sample_aspect_ratio).toBe('64:45')
    expect(made.field_order ?? 'progressive').toBe('progressive')
    expect(colour(made)).toBe(TV)
  })
  it.each(['libx264', 'libx265', 'libsvtav1', 'libaom-av1'])('%s takes a bit rate', name => {
    expect(encode(name, SOURCE, {}, { heightLimit: 144, rate: { bitrateBps: 300_000 } })).toMatchObject({
      width: 256,
      height: 144,
    })
  })
  it('turns pictures upright, with the pixel aspect', () => {
    const made = encode('libx264', `${SOURCE},setsar=4/3`, { rotation: 90, pixelAspect: [4, 3] }, { heightLimit: 192 })
    expect(made).toMatchObject({ width: 108, height: 192, sample_aspect_ratio: '3:4' })
  })
  it('rounds an odd size down', () => {
    const made = encode('libx264', 'testsrc2=size=341x191:rate=25,format=yuv444p', {
      width: 341,
      height: 191,
      chroma: '4:4:4',
    })
    expect(made).toMatchObject({ width: 340, height: 190, pix_fmt: 'yuv420p' })
  })
  it.each(['flagged', 'tff', 'bff'] as const)(
    'makes progressive pictures of interlaced ones, one for one: %s',
    scan => {
      const input = `${SOURCE},setfield=mode=${scan === 'bff' ? 'bff' : 'tff'}`
      expect(encode('libx264', input, { scan })).toMatchObject({ field_order: 'progressive', nb_read_frames: '3' })
    },
  )
  it.each(['pq', 'hlg'] as const)('maps %s to SDR, whether or not the stream says what it is', transfer => {
    const trc = transfer === 'pq' ? 'smpte2084' : 'arib-std-b67'
    const hdr = { bitDepth: 10, hdr: { transfer, hasMasteringMetadata: false } }
    const tagged = `setparams=color_primaries=bt2020:color_trc=${trc}:colorspace=bt2020nc:range=tv`
    const input = `${SOURCE},scale=out_color_matrix=bt2020,format=yuv420p10le`
    for (const text of [`${input},${tagged}`, input]) {
      const made = encode('libx264', text, hdr, { heightLimit: 144 })
      expect(made).toMatchObject({ width: 256, height: 144, pix_fmt: 'yuv420p' })
      expect(colour(made)).toBe(TV)
    }
  })
  /** Presentation times of what a job makes of an input, in ms, and those of the keyframes. */
  function encodeTimes(
    name: string,
    job: VideoJob,
    input: readonly string[],
  ): { readonly shown: number[]; readonly keys: number[] } {
    const { inputArguments, outputArguments } = videoEncodeArguments(job, encoderNamed(name))
    const file = join(folder, 'keys.mkv')
    const { log } = ffmpeg(...inputArguments, ...input, ...outputArguments, '-f', 'matroska', file)
    expect(log).not.toMatch(WRONG_LIST)
    const list = ['-v', 'error', '-show_entries', 'packet=pts,flags', '-of', 'csv=p=0', file]
    const packets = spawnSync(FFPROBE, list, { encoding: 'utf8' }).stdout
    const rows = packets
      .trim()
      .split('\n')
      .map(line => line.split(','))
    const times = (found: readonly string[][]): number[] => found.map(([pts]) => Number(pts)).sort((a, b) => a - b)
    return { shown: times(rows), keys: times(rows.filter(([, flags]) => flags?.startsWith('K'))) }
  }

  it.each(['libx264', 'libx265', 'libaom-av1'])(
    '%s sets keyframes at given times, also those of a variable rate',
    name => {
      // Frames at 0, 20, 40 … ms, of which each third is missing.
      const input = "testsrc2=size=384x216:rate=50:duration=2,select='mod(n,3)',setpts=PTS-STARTPTS"
      const times = [0, 500, 1100, 1640]
      const codec = encoderNamed(name).codec
      const job = videoJob({ ...SMALL, frameRate: undefined }, { codec, keyframes: { timescale: 1000, times } })
      const { shown, keys } = encodeTimes(name, job, ['-f', 'lavfi', '-i', input])
      expect(shown.slice(0, 5)).toEqual([0, 20, 60, 80, 120])
      // The first frame at or after each time.
      expect(keys).toEqual(times.map(time => shown.find(pts => pts >= time)))
    },
  )
  it('counts keyframes from the start of a run on the clock of the source', () => {
    const keyframes = { timescale: 25, start: 2500, interval: 20 }
    const input = ['-copyts', '-f', 'lavfi', '-i', 'testsrc2=size=384x216:rate=25:duration=2,setpts=PTS+100/TB']
    for (const plan of [keyframes, { timescale: 25, start: 2500, times: [2480, 2500, 2520, 2540] }]) {
      const { keys } = encodeTimes('libx264', videoJob(SMALL, { keyframes: plan }), [...input])
      expect(keys).toEqual([100_000, 100_800, 101_600])
    }
  })
  it('counts frames where the encoder can do no more', () => {
    const job = videoJob(SMALL, { codec: 'av1', keyframes: { timescale: 25, interval: 20 } })
    const input = ['-f', 'lavfi', '-i', 'testsrc2=size=384x216:rate=25:duration=2']
    expect(encodeTimes('libsvtav1', job, input).keys).toEqual([0, 800, 1600])
  })
  it('maps tones by libplacebo, on the processor where there is no GPU', () => {
    const hdr = { transfer: 'pq', hasMasteringMetadata: false } as const
    const job = videoJob({ ...SMALL, bitDepth: 10, hdr }, { heightLimit: 144 })
    const { inputArguments, outputArguments } = videoEncodeArguments(
      job,
      encoderNamed('libx264', { vulkanDevice: 'any' }),
    )
    const file = join(folder, 'placebo.mkv')
    const input = `${SOURCE},format=yuv420p10le`
    const { ok, log } = ffmpeg(
      ...inputArguments,
      '-f',
      'lavfi',
      '-i',
      input,
      ...outputArguments,
      '-frames:v',
      '1',
      file,
    )
    expect(log).not.toMatch(WRONG_LIST)
    if (!ok) return // No Vulkan at all.
    expect(probe(file)).toMatchObject({ width: 256, height: 144, pix_fmt: 'yuv420p' })
    expect(colour(probe(file))).toBe(TV)
  })
})
