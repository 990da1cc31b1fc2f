import { CuemuxError } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { wellEquipped } from '../../testing/encoders.js'
import { chooseEncoder, type EncoderRequest, type VideoEncoder } from './choose.js'
import type { Capabilities, EncoderTrial } from './model.js'

/** A machine on which only these encoders work. */
function only(...names: readonly string[]): Capabilities {
  const trials: readonly EncoderTrial[] = wellEquipped().trials.map(trial =>
    names.includes(trial.name) ? trial : { ...trial, works: false, reason: 'not here' },
  )
  return wellEquipped({ trials })
}

function choose(capabilities: Capabilities, request: EncoderRequest): VideoEncoder {
  return chooseEncoder(capabilities, request)
}

function failure(capabilities: Capabilities, request: EncoderRequest): string {
  try {
    chooseEncoder(capabilities, request)
  } catch (error) {
    if (error instanceof CuemuxError) return error.describe()
  }
  throw new Error('It was expected to fail.')
}

describe('chooseEncoder', () => {
  it('goes by the order of families', () => {
    const order = ['h264_nvenc', 'h264_vaapi', 'h264_qsv', 'h264_videotoolbox', 'h264_amf', 'libx264']
    const names = order.map((_, index) => choose(only(...order.slice(index)), { codec: 'h264' }).name)
    expect(names).toEqual(order)
  })
  it('says why', () => {
    expect(choose(wellEquipped(), { codec: 'h264' }).reason).toBe('h264_nvenc')
    expect(choose(only('libx265'), { codec: 'hevc' }).reason).toBe(
      'libx265, as there is no nvenc, vaapi, qsv, videotoolbox, amf',
    )
    expect(choose(wellEquipped(), { codec: 'hevc', force: 'x265' }).reason).toBe('libx265, as asked for')
  })
  it.each([
    ['nvenc', 'h264', 'h264_nvenc'],
    ['software', 'av1', 'libsvtav1'],
    ['x264', 'h264', 'libx264'],
    ['aom', 'av1', 'libaom-av1'],
    ['hevc_qsv', 'hevc', 'hevc_qsv'],
  ] as const)('forced to %s for %s takes %s', (force, codec, name) => {
    expect(choose(wellEquipped(), { codec, force }).name).toBe(name)
  })
  it('passes over families in trouble, and encoders that only count where keyframes lie anywhere', () => {
    expect(choose(wellEquipped(), { codec: 'h264', except: ['nvenc', 'vaapi'] }).name).toBe('h264_qsv')
    expect(choose(only('h264_amf', 'libx264'), { codec: 'h264', irregularKeyframes: true }).name).toBe('libx264')
    expect(choose(only('libsvtav1', 'libaom-av1'), { codec: 'av1', irregularKeyframes: true }).name).toBe('libaom-av1')
  })
  it('carries the render device that worked, and whose it is', () => {
    expect(choose(only('h264_vaapi'), { codec: 'h264' })).toMatchObject({
      device: '/dev/dri/renderD128',
      vaapiToneMaps: true,
      computeCapability: 8.6,
    })
  })
  it('says what is there where the one that was asked for is not', () => {
    expect(failure(only('libx264'), { codec: 'h264', force: 'nvenc' })).toMatch(
      /^ENCODER_MISSING: There is no nvenc for h264 \(h264_nvenc: not here\)\. Working here: libx264\. /,
    )
    expect(failure(only('libx264'), { codec: 'hevc' })).toMatch(
      /^ENCODER_MISSING: No encoder for hevc can be used \(hevc_nvenc: not here; .*\)\. Working here: nothing for this codec\. /,
    )
    expect(failure(only('libx264'), { codec: 'h264', force: 'theora' })).toBe(
      'ENCODER_MISSING: There is no theora for h264. Working here: libx264. Known: auto, x264, x265, svtav1, aom, nvenc, vaapi, qsv, videotoolbox, amf.',
    )
  })
  it('refuses what is no request', () => {
    const wrong = { codec: 'vp9', force: 'x264 -y', more: 1 } as unknown as EncoderRequest
    expect(failure(wellEquipped(), wrong)).toMatch(/^BAD_REQUEST: .*'codec'.*'force'.*'more'/)
  })
})
