import { describe, expect, it } from 'vitest'
import { encoderNamed, videoJob } from '../../testing/encoders.js'
import type { VideoTarget } from './job.js'
import { videoEncodeArguments } from './video.js'

describe('encoders', () => {
  const quality = (level: 'high' | 'medium' | 'low'): Partial<VideoTarget> => ({ rate: { quality: level } })
  const options = (name: string): string => {
    const encoder = encoderNamed(name)
    const rates: readonly Partial<VideoTarget>[] = [
      quality('high'),
      quality('medium'),
      quality('low'),
      { rate: { bitrateBps: 4_000_000 } },
    ]
    const lines = rates.map(rate => {
      const { outputArguments } = videoEncodeArguments(videoJob({}, { codec: encoder.codec, ...rate }), encoder)
      return `  ${outputArguments.slice(outputArguments.indexOf('-c:v')).join(' ')}`
    })
    return `\n${lines.join('\n')}\n`
  }
  it('h264_nvenc', () => {
    expect(options('h264_nvenc')).toMatchInlineSnapshot(`
      "
        -c:v h264_nvenc -preset p4 -tune hq -rc constqp -qp 20 -profile:v high -level 4.0 -g 9999 -forced-idr 1 -bf 2 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_nvenc -preset p4 -tune hq -rc constqp -qp 28 -profile:v high -level 4.0 -g 9999 -forced-idr 1 -bf 2 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_nvenc -preset p4 -tune hq -rc constqp -qp 35 -profile:v high -level 4.0 -g 9999 -forced-idr 1 -bf 2 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_nvenc -preset p4 -tune hq -rc vbr -spatial-aq 1 -temporal-aq 1 -rc-lookahead 20 -no-scenecut 1 -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v high -level 4.0 -g 9999 -forced-idr 1 -bf 2 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('hevc_nvenc', () => {
    expect(options('hevc_nvenc')).toMatchInlineSnapshot(`
      "
        -c:v hevc_nvenc -preset p4 -tune hq -rc constqp -qp 20 -profile:v main -level 4.0 -tier main -g 9999 -forced-idr 1 -bf 0 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_nvenc -preset p4 -tune hq -rc constqp -qp 28 -profile:v main -level 4.0 -tier main -g 9999 -forced-idr 1 -bf 0 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_nvenc -preset p4 -tune hq -rc constqp -qp 35 -profile:v main -level 4.0 -tier main -g 9999 -forced-idr 1 -bf 0 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_nvenc -preset p4 -tune hq -rc vbr -spatial-aq 1 -rc-lookahead 20 -no-scenecut 1 -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v main -level 4.0 -tier main -g 9999 -forced-idr 1 -bf 0 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('av1_nvenc', () => {
    expect(options('av1_nvenc')).toMatchInlineSnapshot(`
      "
        -c:v av1_nvenc -preset p4 -tune hq -rc constqp -qp 80 -g 9999 -forced-idr 1 -bf 0 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v av1_nvenc -preset p4 -tune hq -rc constqp -qp 112 -g 9999 -forced-idr 1 -bf 0 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v av1_nvenc -preset p4 -tune hq -rc constqp -qp 140 -g 9999 -forced-idr 1 -bf 0 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v av1_nvenc -preset p4 -tune hq -rc vbr -spatial-aq 1 -rc-lookahead 20 -no-scenecut 1 -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -g 9999 -forced-idr 1 -bf 0 -b_ref_mode disabled -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('h264_vaapi', () => {
    expect(options('h264_vaapi')).toMatchInlineSnapshot(`
      "
        -c:v h264_vaapi -rc_mode CQP -qp 20 -profile:v high -level 4 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_vaapi -rc_mode CQP -qp 28 -profile:v high -level 4 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_vaapi -rc_mode CQP -qp 35 -profile:v high -level 4 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_vaapi -rc_mode VBR -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v high -level 4 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('hevc_vaapi', () => {
    expect(options('hevc_vaapi')).toMatchInlineSnapshot(`
      "
        -c:v hevc_vaapi -rc_mode CQP -qp 20 -profile:v main -level 4 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_vaapi -rc_mode CQP -qp 28 -profile:v main -level 4 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_vaapi -rc_mode CQP -qp 35 -profile:v main -level 4 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_vaapi -rc_mode VBR -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v main -level 4 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('av1_vaapi', () => {
    expect(options('av1_vaapi')).toMatchInlineSnapshot(`
      "
        -c:v av1_vaapi -rc_mode CQP -global_quality 80 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v av1_vaapi -rc_mode CQP -global_quality 112 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v av1_vaapi -rc_mode CQP -global_quality 140 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v av1_vaapi -rc_mode VBR -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('h264_qsv', () => {
    expect(options('h264_qsv')).toMatchInlineSnapshot(`
      "
        -c:v h264_qsv -preset medium -q:v 20 -profile:v high -level 40 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_qsv -preset medium -q:v 28 -profile:v high -level 40 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_qsv -preset medium -q:v 35 -profile:v high -level 40 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_qsv -preset medium -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v high -level 40 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('hevc_qsv', () => {
    expect(options('hevc_qsv')).toMatchInlineSnapshot(`
      "
        -c:v hevc_qsv -preset medium -q:v 20 -profile:v main -level 40 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_qsv -preset medium -q:v 28 -profile:v main -level 40 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_qsv -preset medium -q:v 35 -profile:v main -level 40 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_qsv -preset medium -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v main -level 40 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('av1_qsv', () => {
    expect(options('av1_qsv')).toMatchInlineSnapshot(`
      "
        -c:v av1_qsv -preset medium -q:v 80 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v av1_qsv -preset medium -q:v 112 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v av1_qsv -preset medium -q:v 140 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v av1_qsv -preset medium -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -g 9999 -forced_idr 1 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('h264_videotoolbox', () => {
    expect(options('h264_videotoolbox')).toMatchInlineSnapshot(`
      "
        -c:v h264_videotoolbox -allow_sw 0 -b:v 6221000 -maxrate 9331500 -bufsize 12442000 -profile:v high -level 4.0 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_videotoolbox -allow_sw 0 -b:v 3629000 -maxrate 5443500 -bufsize 7258000 -profile:v high -level 4.0 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_videotoolbox -allow_sw 0 -b:v 2074000 -maxrate 3111000 -bufsize 4148000 -profile:v high -level 4.0 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v h264_videotoolbox -allow_sw 0 -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v high -level 4.0 -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('hevc_videotoolbox', () => {
    expect(options('hevc_videotoolbox')).toMatchInlineSnapshot(`
      "
        -c:v hevc_videotoolbox -allow_sw 0 -b:v 4044000 -maxrate 6066000 -bufsize 8088000 -profile:v main -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_videotoolbox -allow_sw 0 -b:v 2359000 -maxrate 3538500 -bufsize 4718000 -profile:v main -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_videotoolbox -allow_sw 0 -b:v 1348000 -maxrate 2022000 -bufsize 2696000 -profile:v main -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v hevc_videotoolbox -allow_sw 0 -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v main -g 9999 -bf 0 -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('h264_amf', () => {
    expect(options('h264_amf')).toMatchInlineSnapshot(`
      "
        -c:v h264_amf -usage transcoding -quality balanced -rc cqp -qp_i 20 -qp_p 20 -profile:v high -level 4.0 -g 100 -bf 0
        -c:v h264_amf -usage transcoding -quality balanced -rc cqp -qp_i 28 -qp_p 28 -profile:v high -level 4.0 -g 100 -bf 0
        -c:v h264_amf -usage transcoding -quality balanced -rc cqp -qp_i 35 -qp_p 35 -profile:v high -level 4.0 -g 100 -bf 0
        -c:v h264_amf -usage transcoding -quality balanced -rc vbr_peak -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v high -level 4.0 -g 100 -bf 0
      "
    `)
  })
  it('hevc_amf', () => {
    expect(options('hevc_amf')).toMatchInlineSnapshot(`
      "
        -c:v hevc_amf -usage transcoding -quality balanced -rc cqp -qp_i 20 -qp_p 20 -profile:v main -level 4.0 -g 100 -gops_per_idr 1
        -c:v hevc_amf -usage transcoding -quality balanced -rc cqp -qp_i 28 -qp_p 28 -profile:v main -level 4.0 -g 100 -gops_per_idr 1
        -c:v hevc_amf -usage transcoding -quality balanced -rc cqp -qp_i 35 -qp_p 35 -profile:v main -level 4.0 -g 100 -gops_per_idr 1
        -c:v hevc_amf -usage transcoding -quality balanced -rc vbr_peak -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v main -level 4.0 -g 100 -gops_per_idr 1
      "
    `)
  })
  it('libx264', () => {
    expect(options('libx264')).toMatchInlineSnapshot(`
      "
        -c:v libx264 -preset veryfast -crf 20 -profile:v high -level 4.0 -g 9999 -sc_threshold 0 -forced-idr 1 -bf 2 -x264-params b-pyramid=none:open-gop=0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v libx264 -preset veryfast -crf 26 -profile:v high -level 4.0 -g 9999 -sc_threshold 0 -forced-idr 1 -bf 2 -x264-params b-pyramid=none:open-gop=0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v libx264 -preset veryfast -crf 32 -profile:v high -level 4.0 -g 9999 -sc_threshold 0 -forced-idr 1 -bf 2 -x264-params b-pyramid=none:open-gop=0 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v libx264 -preset veryfast -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v high -level 4.0 -g 9999 -sc_threshold 0 -forced-idr 1 -bf 2 -x264-params b-pyramid=none:open-gop=0 -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('libx265', () => {
    expect(options('libx265')).toMatchInlineSnapshot(`
      "
        -c:v libx265 -preset superfast -crf 20 -profile:v main -g 9999 -forced-idr 1 -bf 2 -x265-params log-level=error:scenecut=0:open-gop=0:b-pyramid=0:high-tier=0:level-idc=40 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v libx265 -preset superfast -crf 26 -profile:v main -g 9999 -forced-idr 1 -bf 2 -x265-params log-level=error:scenecut=0:open-gop=0:b-pyramid=0:high-tier=0:level-idc=40 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v libx265 -preset superfast -crf 32 -profile:v main -g 9999 -forced-idr 1 -bf 2 -x265-params log-level=error:scenecut=0:open-gop=0:b-pyramid=0:high-tier=0:level-idc=40 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v libx265 -preset superfast -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -profile:v main -g 9999 -forced-idr 1 -bf 2 -x265-params log-level=error:scenecut=0:open-gop=0:b-pyramid=0:high-tier=0:level-idc=40 -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
  it('libsvtav1', () => {
    expect(options('libsvtav1')).toMatchInlineSnapshot(`
      "
        -c:v libsvtav1 -preset 10 -crf 30 -g 100
        -c:v libsvtav1 -preset 10 -crf 38 -g 100
        -c:v libsvtav1 -preset 10 -crf 46 -g 100
        -c:v libsvtav1 -preset 10 -b:v 4000000 -g 100
      "
    `)
  })
  it('libaom-av1', () => {
    expect(options('libaom-av1')).toMatchInlineSnapshot(`
      "
        -c:v libaom-av1 -usage realtime -cpu-used 8 -row-mt 1 -crf 30 -b:v 0 -g 9999 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v libaom-av1 -usage realtime -cpu-used 8 -row-mt 1 -crf 38 -b:v 0 -g 9999 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v libaom-av1 -usage realtime -cpu-used 8 -row-mt 1 -crf 46 -b:v 0 -g 9999 -force_key_frames expr:gte(t+0.005,n_forced*4)
        -c:v libaom-av1 -usage realtime -cpu-used 8 -row-mt 1 -b:v 4000000 -maxrate 6000000 -bufsize 8000000 -g 9999 -force_key_frames expr:gte(t+0.005,n_forced*4)
      "
    `)
  })
})

describe('a whole list', () => {
  it('has the map, the times and the keyframes', () => {
    const job = {
      ...videoJob({ frameRate: undefined }, { keyframes: { timescale: 1000, times: [0, 4004, 8133] } }),
      videoStream: 1,
      threads: 2,
    }
    const { outputArguments, explanation, width, height } = videoEncodeArguments(job, encoderNamed('libx264'))
    expect(outputArguments.join(' ')).toMatchInlineSnapshot(
      `"-map 0:v:1 -an -sn -dn -map_metadata -1 -map_chapters -1 -vf format=yuv420p,setsar=sar=1/1:max=65535 -fps_mode passthrough -enc_time_base 1:90000 -c:v libx264 -preset veryfast -crf 26 -profile:v high -level 4.2 -g 9999 -sc_threshold 0 -forced-idr 1 -bf 2 -x264-params b-pyramid=none:open-gop=0 -threads 2 -force_key_frames 4.002,8.131"`,
    )
    expect({ width, height, explanation }).toMatchInlineSnapshot(`
      {
        "explanation": [
          "h264 decoded by the processor: the encoder is software",
          "encoded to h264 by libx264 at medium quality",
        ],
        "height": 1080,
        "width": 1920,
      }
    `)
  })
  it('refuses what is no job, field by field', () => {
    const job = videoJob({ width: 0, rotation: 45 as 90 }, { rate: { quality: 'best' as 'high' } })
    expect(() => videoEncodeArguments(job, encoderNamed('libx264'))).toThrowErrorMatchingInlineSnapshot(
      `[CuemuxError: The 'source.width' field must be greater than or equal to 2. (given: 0) The 'source.rotation' field value '0, 90, 180, 270' does not match any of the allowed values. (given: 45) The 'target.rate.quality' field value 'high, medium, low' does not match any of the allowed values. (given: best) The 'target.rate.bitrateBps' field is required. The object 'target.rate' contains forbidden keys: 'quality'. (given: quality)]`,
    )
  })
  it('refuses keyframes that an encoder can only count', () => {
    const job = videoJob({}, { codec: 'av1', keyframes: { timescale: 1000, times: [4004] } })
    expect(() => videoEncodeArguments(job, encoderNamed('libsvtav1'))).toThrowErrorMatchingInlineSnapshot(
      `[CuemuxError: libsvtav1 sets keyframes every N frames only, and the plan has them elsewhere.]`,
    )
  })
})
