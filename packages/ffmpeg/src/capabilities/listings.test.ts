import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstReason, parseHwaccels, parseNames, parseVersion, parseVulkanDevice } from './listings.js'

describe('listings', () => {
  it('gives the names after the flags', () => {
    const encoders = [
      'Encoders:',
      ' V..... = Video',
      ' ------',
      ' V....D h264_nvenc           NVIDIA NVENC H.264 encoder (codec h264)',
      ' A..X.. opus                 Opus',
      ' V..... libaom-av1           libaom AV1 (codec av1)',
    ]
    expect(parseNames(encoders.join('\n'))).toEqual(['h264_nvenc', 'opus', 'libaom-av1'])
    const filters = [
      'Filters:',
      '  T.. = Timeline support',
      '  | = Source or sink filter',
      ' TS. yadif             V->V       Deinterlace the input image.',
      ' ... hwupload_cuda     V->V       Upload a system memory frame to a CUDA device.',
    ]
    expect(parseNames(filters.join('\n'))).toEqual(['yadif', 'hwupload_cuda'])
    expect(parseHwaccels('Hardware acceleration methods:\nvdpau\ncuda\n\n')).toEqual(['vdpau', 'cuda'])
  })
  it('knows ffmpeg by its first line', () => {
    expect(parseVersion('ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026')).toBe('5.1.9-0+deb12u1')
    expect(parseVersion('ffmpeg version n7.1 Copyright')).toBe('n7.1')
    expect(parseVersion('avconv version 12')).toBeUndefined()
  })
  it('makes nothing of garbage', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        for (const name of [...parseNames(text), ...parseHwaccels(text)]) expect(name).toMatch(/^[\w-]{1,100}$/)
        expect((firstReason(text) ?? '').length).toBeLessThanOrEqual(200)
      }),
    )
  })
})

describe('firstReason', () => {
  it.each([
    [
      '[h264_nvenc @ 0x562954350980] Cannot load libcuda.so.1\nError initializing output stream 0:0',
      'Cannot load libcuda.so.1',
    ],
    [
      'libva info: VA-API version 1.17.0\nlibva info: va_openDriver() returns -1\n[AVHWDeviceContext @ 0x56] Failed to initialise VAAPI connection: -1',
      'Failed to initialise VAAPI connection: -1',
    ],
    ['Svt[info]: -----\n\r\n[libsvtav1 @ 0x55] Bad parameter\n', 'Bad parameter'],
    ['', undefined],
  ])('%#', (log, reason) => {
    expect(firstReason(log)).toBe(reason)
  })
})

describe('parseVulkanDevice', () => {
  const line = (name: string, kind: string): string =>
    `[AVHWDeviceContext @ 0x5] Device 0 selected: ${name} (${kind}) (0x2684)`
  it('takes a GPU for one, and the processor for none', () => {
    expect(parseVulkanDevice(line('NVIDIA GeForce RTX 4090', 'discrete'))).toBe('NVIDIA GeForce RTX 4090')
    expect(parseVulkanDevice(line('llvmpipe (LLVM 15.0.6, 256 bits)', 'software'))).toBeUndefined()
    expect(parseVulkanDevice('no device')).toBeUndefined()
  })
})
