import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type AudioJob, audioEncodeArguments, audioOutputRate } from './audio.js'
import { mixMatrix } from './downmix.js'

function audioJob(changes: Partial<AudioJob> = {}): AudioJob {
  return {
    codec: 'ac3',
    channelsIn: 6,
    layout: '5.1(side)',
    sampleRateIn: 48_000,
    target: 'aac',
    channelsOut: 2,
    ...changes,
  }
}

function text(changes: Partial<AudioJob>): string {
  const { inputArguments, filter, outputArguments, explanation } = audioEncodeArguments(audioJob(changes))
  return `\n${inputArguments.join(' ')}\n${filter}\n${outputArguments.join(' ')}\n${explanation}\n`
}

describe('audioEncodeArguments', () => {
  it('mixes 5.1 to stereo', () => {
    expect(text({})).toMatchInlineSnapshot(`
      "
      -drc_scale 1
      aformat=channel_layouts=5.1(side),pan=stereo|c0=0.408163*c0+0.346939*c2+0.244898*c4|c1=0.408163*c1+0.346939*c2+0.244898*c5,aformat=sample_fmts=fltp:channel_layouts=stereo
      -c:a aac -profile:a aac_low -b:a 192000 -aac_pns 0 -aac_is 0 -ar 48000 -ac 2
      ac3 5.1 mixed to stereo, encoded to AAC at 192 kbit/s
      "
    `)
  })
  it('keeps 5.1', () => {
    expect(text({ channelsOut: 6 })).toMatchInlineSnapshot(`
      "
      -drc_scale 0
      aformat=sample_fmts=fltp:channel_layouts=5.1
      -c:a aac -profile:a aac_low -b:a 384000 -aac_pns 0 -aac_is 0 -ar 48000 -ac 6
      ac3 5.1, encoded to AAC at 384 kbit/s
      "
    `)
  })
  it('mixes 7.1 to 5.1 and to stereo', () => {
    const job = { codec: 'truehd', channelsIn: 8, layout: '7.1' } as const
    expect(text({ ...job, channelsOut: 6 })).toMatchInlineSnapshot(`
      "

      aformat=channel_layouts=7.1,pan=5.1|c0=1*c0|c1=1*c1|c2=1*c2|c3=1*c3|c4=0.5*c4+0.5*c6|c5=0.5*c5+0.5*c7,aformat=sample_fmts=fltp:channel_layouts=5.1
      -c:a aac -profile:a aac_low -b:a 384000 -aac_pns 0 -aac_is 0 -ar 48000 -ac 6
      truehd 7.1 mixed to 5.1, encoded to AAC at 384 kbit/s
      "
    `)
    expect(text(job)).toMatchInlineSnapshot(`
      "

      aformat=channel_layouts=7.1,pan=stereo|c0=0.327869*c0+0.278689*c2+0.196721*c4+0.196721*c6|c1=0.327869*c1+0.278689*c2+0.196721*c5+0.196721*c7,aformat=sample_fmts=fltp:channel_layouts=stereo
      -c:a aac -profile:a aac_low -b:a 192000 -aac_pns 0 -aac_is 0 -ar 48000 -ac 2
      truehd 7.1 mixed to stereo, encoded to AAC at 192 kbit/s
      "
    `)
  })
  it('keeps mono and stereo, at 44.1 kHz where they come from there', () => {
    const { layout: _, ...job } = audioJob({ codec: 'mp2', channelsIn: 1, sampleRateIn: 22_050 })
    expect(audioEncodeArguments(job)).toMatchInlineSnapshot(`
      {
        "bitrateBps": 96000,
        "channels": 1,
        "explanation": "mp2 mono, encoded to AAC at 96 kbit/s",
        "filter": "aresample=44100,aformat=sample_fmts=fltp:channel_layouts=mono",
        "inputArguments": [],
        "outputArguments": [
          "-c:a",
          "aac",
          "-profile:a",
          "aac_low",
          "-b:a",
          "96000",
          "-aac_pns",
          "0",
          "-aac_is",
          "0",
          "-ar",
          "44100",
          "-ac",
          "1",
        ],
        "sampleRate": 44100,
      }
    `)
    expect(
      text({
        codec: 'flac',
        channelsIn: 2,
        layout: 'stereo',
        channelsOut: 6,
        sampleRateIn: 96_000,
        bitrateBps: 256_000,
      }),
    ).toMatchInlineSnapshot(`
      "

      aresample=48000,aformat=sample_fmts=fltp:channel_layouts=stereo
      -c:a aac -profile:a aac_low -b:a 256000 -aac_pns 0 -aac_is 0 -ar 48000 -ac 2
      flac stereo, encoded to AAC at 256 kbit/s
      "
    `)
  })
  it('leaves layouts that nobody knows to ffmpeg', () => {
    expect(audioEncodeArguments(audioJob({ channelsIn: 16, layout: 'hexadecagonal' })).filter).toMatchInlineSnapshot(
      `"aformat=channel_layouts=stereo,aformat=sample_fmts=fltp:channel_layouts=stereo"`,
    )
  })
  it('refuses what is no job', () => {
    expect(() =>
      audioEncodeArguments(audioJob({ channelsIn: 0, channelsOut: 8 as 6 })),
    ).toThrowErrorMatchingInlineSnapshot(
      `[CuemuxError: The 'channelsIn' field must be greater than or equal to 1. (given: 0) The 'channelsOut' field value '2, 6' does not match any of the allowed values. (given: 8)]`,
    )
  })
})

describe('audioOutputRate', () => {
  it.each([
    [44_100, 44_100],
    [22_050, 44_100],
    [88_200, 44_100],
    [48_000, 48_000],
    [32_000, 48_000],
    [8000, 48_000],
    [192_000, 48_000],
  ])('%i Hz becomes %i Hz', (rate, expected) => {
    expect(audioOutputRate(rate)).toBe(expected)
  })
})

const LAYOUTS = [
  'mono',
  '2.1',
  '3.0',
  '3.0(back)',
  '3.1',
  'quad',
  'quad(side)',
  '4.0',
  '4.1',
  '5.0',
  '5.0(side)',
  '5.1',
]
const WIDE_LAYOUTS = ['5.1(side)', '6.0', '6.1', '6.1(back)', '7.0', '7.1', '7.1(wide)', '7.1(wide-side)']

describe('mixMatrix', () => {
  it.each([...LAYOUTS, ...WIDE_LAYOUTS])('cannot clip, and uses all of %s but the low-frequency channel', layout => {
    for (const channels of [2, 6] as const) {
      const rows = mixMatrix(layout, channels)
      const sums = rows.map(row => row.reduce((sum, weight) => sum + weight, 0))
      expect(Math.max(...sums)).toBeLessThanOrEqual(1 + 1e-9)
      const unused = rows[0]!.filter((_, input) => rows.every(row => row[input] === 0))
      expect(unused.length).toBe(channels === 2 && /[.]1/.test(layout) ? 1 : 0)
    }
  })
  it('keeps dialogue 1.4 dB under the front and 3 dB over the surround', () => {
    const [left = []] = mixMatrix('5.1(side)', 2)
    const dB = (value: number): number => Math.round(200 * Math.log10(value)) / 10
    expect(left.map(weight => (weight === 0 ? '' : dB(weight / left[2]!)))).toEqual([1.4, '', 0, '', -3, ''])
    // Heard from both sides, dialogue is 6.2 dB softer than in the source's centre, so that nothing can clip.
    expect(dB(left[2]! * Math.SQRT2)).toBe(-6.2)
  })
})

/** The largest sample that comes out, in dB of full scale. */
function peak(job: AudioJob, source: string): number {
  const { filter } = audioEncodeArguments(job)
  const list = [
    '-hide_banner',
    '-nostdin',
    '-v',
    'info',
    '-f',
    'lavfi',
    '-i',
    source,
    '-af',
    `${filter},volumedetect`,
    '-f',
    'null',
    '-',
  ]
  const { stderr } = spawnSync('ffmpeg', list, { encoding: 'utf8' })
  return Number(/max_volume: (-?[\d.]+) dB/.exec(stderr)?.[1])
}

describe('by ffmpeg', () => {
  /** The same sine at full scale in every channel. */
  const loud = (channels: string, count: number): string =>
    `aevalsrc=${Array.from({ length: count }, () => 'sin(440*2*PI*t)').join('|')}:c=${channels}:d=0.2:s=48000`

  it.each([
    ['5.1(side)', 6, 2],
    ['5.1', 6, 6],
    ['7.1', 8, 2],
    ['7.1', 8, 6],
    ['6.1', 7, 6],
    ['quad', 4, 2],
  ] as const)('the loudest %s comes out at full scale and not above', (layout, channelsIn, channelsOut) => {
    const found = peak(audioJob({ layout, channelsIn, channelsOut }), loud(layout, channelsIn))
    expect(found).toBeLessThanOrEqual(0)
    expect(found).toBeGreaterThan(-0.2)
  })

  it('encodes 5.1 as AAC with the channel configuration of 5.1', () => {
    const job = audioJob({ channelsOut: 6 })
    const { inputArguments, filter, outputArguments } = audioEncodeArguments(job)
    const list = [
      '-hide_banner',
      '-nostdin',
      '-v',
      'warning',
      '-f',
      'lavfi',
      '-i',
      loud('5.1(side)', 6),
      '-c:a',
      'ac3',
      '-f',
      'ac3',
      '-',
    ]
    const ac3 = spawnSync('ffmpeg', list).stdout
    const encode = [
      '-hide_banner',
      '-nostdin',
      '-v',
      'warning',
      ...inputArguments,
      '-i',
      '-',
      '-af',
      filter,
      ...outputArguments,
      '-f',
      'adts',
      '-',
    ]
    const { stdout, stderr } = spawnSync(
      'ffmpeg',
      encode.filter(part => part !== '-nostdin'),
      { input: ac3 },
    )
    expect(stderr.toString()).not.toMatch(/not been used|Unrecognized|not found/)
    // ISO/IEC 13818-7 §6.2: channel_configuration are the last bit of the third byte and the first two of the fourth.
    expect(((stdout[2]! & 1) << 2) | (stdout[3]! >> 6)).toBe(6)
  })
})
