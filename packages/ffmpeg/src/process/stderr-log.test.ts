import { describe, expect, it } from 'vitest'
import { explainFailure } from './failure.js'
import { StderrLog } from './stderr-log.js'

describe('StderrLog', () => {
  it('keeps the last 64 lines, however they are cut', () => {
    const log = new StderrLog()
    for (let i = 0; i < 100; i++) {
      log.push(`line ${i}`)
      log.push('\n')
    }
    log.push('half a li')
    expect(log.lines.length).toBe(65)
    expect(log.lines[0]).toBe('line 36')
    expect(log.lines.at(-1)).toBe('half a li')
  })

  it('takes the progress out', () => {
    const log = new StderrLog()
    log.push('frame=12\nfps=0.00\nout_time_us=500000\nspeed=1.5x\nprogress=continue\n[aac @ 0x1] Too many bits\n')
    expect(log.lines).toEqual(['[aac @ 0x1] Too many bits'])
    expect(log.progress).toEqual({ frames: 12, outTimeUs: 500_000, speed: 1.5 })
  })
})

describe('explainFailure', () => {
  it('finds the line that tells most', () => {
    const nvenc = '[h264_nvenc @ 0x55d0c8] OpenEncodeSessionEx failed: out of memory (10): (no details)'
    expect(explainFailure([nvenc, 'Error initializing output stream 0:0', 'Conversion failed!'])).toEqual({
      kind: 'session-limit',
      text: 'h264_nvenc: OpenEncodeSessionEx failed: out of memory (10): (no details)',
    })
    expect(explainFailure(['[h264_nvenc @ 0x1] Cannot load libcuda.so.1']).kind).toBe('device')
    expect(explainFailure(["Unknown encoder 'libfdk_aac'"]).kind).toBe('missing')
    expect(explainFailure([`http://127.0.0.1:4000/${'0af'.repeat(10)}12: Invalid data found`]).text).toBe(
      'Invalid data found',
    )
    expect(explainFailure([])).toEqual({ kind: 'other', text: 'it said nothing' })
  })
})
