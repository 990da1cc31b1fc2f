import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectInterlacingArguments, parseInterlacing } from './interlacing.js'

function look(input: string): string {
  const { outputArguments } = detectInterlacingArguments()
  const list = ['-hide_banner', '-nostdin', '-v', 'info', '-f', 'lavfi', '-i', input, ...outputArguments]
  return spawnSync('ffmpeg', list, { encoding: 'utf8' }).stderr
}

describe("a look at the pictures by ffmpeg's idet", () => {
  it.each([
    ['progressive', 'gradients=size=320x240:rate=50:duration=2:speed=0.2:seed=1'],
    ['tff', 'mandelbrot=size=320x240:rate=50,trim=duration=2,interlace=scan=tff'],
    ['bff', 'mandelbrot=size=320x240:rate=50,trim=duration=2,interlace=scan=bff'],
    // A film on television: two pictures in five are put together.
    ['tff', 'mandelbrot=size=320x240:rate=24,trim=duration=2,telecine=first_field=top'],
  ])('%s: %s', (scan, input) => {
    // The pictures say it, not the marks on them.
    expect(parseInterlacing(look(`${input},setfield=mode=prog`)).scan).toBe(scan)
  })
  it.each([
    ['a still', 'color=gray:size=320x240:rate=50:duration=1'],
    ['a fine pattern that moves', 'testsrc2=size=320x240:rate=50:duration=2'],
  ])('says nothing of %s', (_, input) => {
    expect(parseInterlacing(look(input)).scan).toBeUndefined()
  })
})

describe('parseInterlacing', () => {
  it('takes the last counts', () => {
    const lines = [
      '[Parsed_idet_0 @ 0x55] Repeated Fields: Neither:   200 Top:     0 Bottom:     0',
      '[Parsed_idet_0 @ 0x55] Multi frame detection: TFF:     0 BFF:     0 Progressive:   200 Undetermined:     0',
      '[Parsed_idet_0 @ 0x55] Multi frame detection: TFF:   150 BFF:     2 Progressive:    40 Undetermined:     8',
    ]
    expect(parseInterlacing(lines.join('\n'))).toEqual({
      scan: 'tff',
      counts: { tff: 150, bff: 2, progressive: 40, undetermined: 8 },
    })
  })
  it('knows nothing of any other text', () => {
    fc.assert(fc.property(fc.string(), text => parseInterlacing(text).scan === undefined))
  })
})
