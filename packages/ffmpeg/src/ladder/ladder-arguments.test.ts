import { describe, expect, it } from 'vitest'
import { encoderNamed, videoJob } from '../../testing/encoders.js'
import type { VideoSource } from '../arguments/job.js'
import type { VideoPlan } from '../video/video-grid.js'
import { type LadderRung, type LadderStretch, ladderRunArguments } from './ladder-arguments.js'

const URL = 'http://127.0.0.1:1/film'

function plan(timescale: number, frameDuration: number | undefined, start = 0): VideoPlan {
  const segment =
    frameDuration === undefined ? 4 * timescale : Math.round((4 * timescale) / frameDuration) * frameDuration
  const times = Array.from({ length: 10 }, (_, n) => start + n * segment)
  return { timescale, times, start, frameDuration, nominalDuration: frameDuration ?? timescale / 25 }
}

function rung(
  encoder: string,
  heightLimit: number,
  source: Partial<VideoSource> = {},
  more: Partial<LadderRung> = {},
): LadderRung {
  const by = encoderNamed(encoder)
  const rate = { bitrateBps: heightLimit * 2000, maxBitrateBps: heightLimit * 3000, bufferBits: heightLimit * 4000 }
  return {
    job: { ...videoJob(source, { codec: by.codec, heightLimit, rate }), threads: 1 },
    encoder: by,
    frameStep: 1,
    ...more,
  }
}

function args(
  rungs: readonly [LadderRung, ...LadderRung[]],
  options: { plan?: VideoPlan; stretch?: Partial<LadderStretch> } = {},
): string[] {
  const stretch = { segment: 3, end: 6, seekMarginS: 0.5, ...options.stretch }
  return ladderRunArguments({ url: URL }, options.plan ?? plan(24_000, 1001), stretch, rungs)
}

function graph(list: readonly string[]): string {
  return (list[list.indexOf('-filter_complex') + 1] ?? '').split(';').join('\n')
}

/** The options of each output. */
function outputs(list: readonly string[]): string[] {
  const [, ...parts] = list
    .slice(list.indexOf('-filter_complex') + 2)
    .join(' ')
    .split('-map [')
  return parts.map(part => `[${part.trim()}`)
}

describe('one decode for all rungs', () => {
  it('scales each picture from the one before it', () => {
    const list = args([rung('libx264', 1080), rung('libx264', 720), rung('libx264', 360)])
    expect(graph(list)).toMatchInlineSnapshot(`
      "[0:v:0]settb=1/1000000,setpts=PTS-(0),fps=24000/1001,trim=start=12.001573:end=24.013573,format=yuv420p,setsar=sar=1/1:max=65535,split=2[v0][c1]
      [c1]scale=w=1280:h=720:flags=bicubic,setsar=sar=1/1:max=65535,split=2[v1][c2]
      [c2]scale=w=640:h=360:flags=bicubic,setsar=sar=1/1:max=65535[v2]"
    `)
    expect(outputs(list)).toMatchInlineSnapshot(`
      [
        "[v0] -map_metadata -1 -map_chapters -1 -fps_mode passthrough -enc_time_base 1:90000 -c:v libx264 -preset veryfast -b:v 2160000 -maxrate 3240000 -bufsize 4320000 -profile:v high -level 4.0 -g 9999 -sc_threshold 0 -forced-idr 1 -bf 2 -x264-params b-pyramid=none:open-gop=0 -threads 1 -force_key_frames 16.011,20.015 -avoid_negative_ts disabled -flush_packets 1 -f matroska -live 1 -cluster_time_limit 0 -cluster_size_limit 1 pipe:3",
        "[v1] -map_metadata -1 -map_chapters -1 -fps_mode passthrough -enc_time_base 1:90000 -c:v libx264 -preset veryfast -b:v 1440000 -maxrate 2160000 -bufsize 2880000 -profile:v high -level 3.1 -g 9999 -sc_threshold 0 -forced-idr 1 -bf 2 -x264-params b-pyramid=none:open-gop=0 -threads 1 -force_key_frames 16.011,20.015 -avoid_negative_ts disabled -flush_packets 1 -f matroska -live 1 -cluster_time_limit 0 -cluster_size_limit 1 pipe:4",
        "[v2] -map_metadata -1 -map_chapters -1 -fps_mode passthrough -enc_time_base 1:90000 -c:v libx264 -preset veryfast -b:v 720000 -maxrate 1080000 -bufsize 1440000 -profile:v high -level 3.0 -g 9999 -sc_threshold 0 -forced-idr 1 -bf 2 -x264-params b-pyramid=none:open-gop=0 -threads 1 -force_key_frames 16.011,20.015 -avoid_negative_ts disabled -flush_packets 1 -f matroska -live 1 -cluster_time_limit 0 -cluster_size_limit 1 pipe:5",
      ]
    `)
    expect(list.slice(0, list.indexOf('-thread_queue_size')).join(' ')).toMatchInlineSnapshot(
      `"-hide_banner -loglevel warning -nostats -progress pipe:2 -stats_period 2 -noautorotate -noaccurate_seek -seek_timestamp 1 -ss 11.491146"`,
    )
  })
  it('stays on the GPU with NVENC', () => {
    const source = { height: 2160, width: 3840 }
    const list = args([rung('h264_nvenc', 1080, source), rung('hevc_nvenc', 720, source)])
    expect(graph(list)).toMatchInlineSnapshot(`
      "[0:v:0]settb=1/1000000,setpts=PTS-(0),fps=24000/1001,trim=start=12.001573:end=24.013573,scale_cuda=w=1920:h=1080:format=nv12:passthrough=0,setsar=sar=1/1:max=65535,split=2[v0][c1]
      [c1]scale_cuda=w=1280:h=720:format=nv12:passthrough=0,setsar=sar=1/1:max=65535[v1]"
    `)
    expect(list.join(' ')).toContain('-hwaccel cuda -hwaccel_output_format cuda')
  })
  it('takes pictures to the GPU once with VAAPI', () => {
    expect(graph(args([rung('h264_vaapi', 720), rung('h264_vaapi', 360)]))).toMatchInlineSnapshot(`
      "[0:v:0]settb=1/1000000,setpts=PTS-(0),fps=24000/1001,trim=start=12.001573:end=24.013573,scale_vaapi=w=1280:h=720:format=nv12,setsar=sar=1/1:max=65535,split=2[v0][c1]
      [c1]scale_vaapi=w=640:h=360:format=nv12,setsar=sar=1/1:max=65535[v1]"
    `)
  })
  it('gives encoders of several families their pictures from the processor', () => {
    const list = args([rung('h264_nvenc', 720), rung('libx265', 360)])
    expect(graph(list)).toMatchInlineSnapshot(`
      "[0:v:0]settb=1/1000000,setpts=PTS-(0),fps=24000/1001,trim=start=12.001573:end=24.013573,scale=w=1280:h=720:flags=bicubic,format=yuv420p,setsar=sar=1/1:max=65535,split=2[v0][c1]
      [c1]scale=w=640:h=360:flags=bicubic,setsar=sar=1/1:max=65535[v1]"
    `)
    expect(list).not.toContain('-hwaccel')
  })
  it('deinterlaces, turns and maps to SDR once', () => {
    const hdr = { transfer: 'pq', hasMasteringMetadata: false } as const
    const source = { rotation: 90, scan: 'tff', hdr } as const
    expect(graph(args([rung('libx264', 720, source), rung('libx264', 360, source)]))).toMatchInlineSnapshot(`
      "[0:v:0]settb=1/1000000,setpts=PTS-(0),fps=24000/1001,trim=start=12.001573:end=24.013573,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,bwdif=mode=send_frame:parity=tff:deint=all,zscale=w=720:h=406:f=bicubic:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,transpose=clock,format=yuv420p,setsar=sar=1/1:max=65535,split=2[v0][c1]
      [c1]scale=w=202:h=360:flags=bicubic,setsar=sar=1/1:max=65535[v1]"
    `)
  })
})

describe('frames that a rung leaves out', () => {
  it('are told by their places on the grid, and left out before they are scaled where no smaller rung needs them', () => {
    const source = { frameRate: [60_000, 1001] } as const
    const list = args(
      [
        rung('libx264', 720, source),
        rung('libx264', 480, source, { frameStep: 2 }),
        rung('libx264', 240, source, { frameStep: 4 }),
      ],
      { plan: plan(60_000, 1001) },
    )
    expect(graph(list)).toMatchInlineSnapshot(`
      "[0:v:0]settb=1/1000000,setpts=PTS-(0),fps=60000/1001,trim=start=12.007829:end=24.019829,scale=w=1280:h=720:flags=bicubic,format=yuv420p,setsar=sar=1/1:max=65535,split=2[v0][c1]
      [c1]select='not(mod(floor((t-(0.000000))*60000/1001+0.5),2))',scale=w=854:h=480:flags=bicubic,setsar=sar=1/1:max=65535,split=2[v1][c2]
      [c2]select='not(mod(floor((t-(0.000000))*60000/1001+0.5),4))',scale=w=426:h=240:flags=bicubic,setsar=sar=1/1:max=65535[v2]"
    `)
  })
  it('are told by their times where the rate is variable', () => {
    const source = { frameRate: undefined } as const
    const list = args([rung('libx264', 720, source), rung('libx264', 480, source, { maxFrameRate: 30 })], {
      plan: plan(1000, undefined, 500),
    })
    expect(graph(list)).toMatchInlineSnapshot(`
      "[0:v:0]trim=start=12.499000,scale=w=1280:h=720:flags=bicubic,format=yuv420p,setsar=sar=1/1:max=65535,split=2[v0][c1]
      [c1]scale=w=854:h=480:flags=bicubic,setsar=sar=1/1:max=65535,select='isnan(prev_selected_t)+gte(t-prev_selected_t,0.032333)+gt(floor((t-(0.499000))/4.000000),floor((prev_selected_t-(0.499000))/4.000000))'[v1]"
    `)
  })
})

describe('keyframes', () => {
  const forced = (list: readonly string[]): (string | undefined)[] =>
    list.flatMap((arg, i) => (arg === '-force_key_frames' ? [list[i + 1]] : []))

  it('lie at the same times in all rungs', () => {
    const lists = forced(args([rung('libx264', 720), rung('libx265', 360), rung('h264_nvenc', 240)]))
    expect(lists).toEqual(Array(3).fill('16.011,20.015'))
  })
  it('are counted by encoders that take no times', () => {
    const source = { frameRate: [60_000, 1001] } as const
    const list = args([rung('libsvtav1', 720, source), rung('libsvtav1', 360, source, { frameStep: 2 })], {
      plan: plan(60_000, 1001),
    })
    expect(outputs(list).map(output => / -g (\d+)/.exec(output)?.[1])).toEqual(['240', '120'])
  })
  it('at a variable rate end the stretch, which is not cut', () => {
    const list = args([rung('libx264', 720, { frameRate: undefined })], { plan: plan(1000, undefined) })
    expect(forced(list)).toEqual(['15.998,19.998,23.998'])
    expect(graph(list)).toContain('trim=start=11.999000,')
  })
})

it('reads raw pictures from its stdin, counted from the stretch on', () => {
  const frames = { format: 'rgb24', width: 1280, height: 720, frameRate: [30, 1] } as const
  const source = {
    width: 1280,
    height: 720,
    frameRate: [30, 1],
    codec: 'unknown',
    bitDepth: undefined,
    chroma: undefined,
  } as const
  const list = ladderRunArguments(
    { frames },
    { ...plan(30_000, 1000), clockOffsetUs: 12_000_000 },
    { segment: 3, end: 6, seekMarginS: 0 },
    [rung('libx264', 720, source)],
  )
  expect(list.slice(list.indexOf('-thread_queue_size'), list.indexOf('-copyts')).join(' ')).toMatchInlineSnapshot(
    `"-thread_queue_size 8 -f rawvideo -protocol_whitelist pipe -pixel_format rgb24 -video_size 1280x720 -framerate 30/1 -i pipe:0"`,
  )
  expect(list[list.indexOf('-force_key_frames') + 1]).toBe('3.995,7.995')
  expect(graph(list)).toMatchInlineSnapshot(
    `"[0:v:0]trim=start=-0.008333:end=11.991667,format=yuv420p,setsar=sar=1/1:max=65535[v0]"`,
  )
})
