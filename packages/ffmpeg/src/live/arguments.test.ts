import { describe, expect, it } from 'vitest'
import { liveInputArguments } from './input-arguments.js'
import type { LiveInput } from './live-input.js'
import { type LiveVideo, liveOutputArguments } from './output-arguments.js'

/** The last input of a command line. */
const inputOf = (args: readonly string[]): string | undefined => args[args.lastIndexOf('-i') + 1]

describe('liveInputArguments', () => {
  it.each<[LiveInput, string]>([
    [{ kind: 'rtsp', url: 'rtsp://camera/1' }, 'rtsp://camera/1'],
    [
      { kind: 'udp', host: '239.0.0.1', port: 1234, localAddress: '10.0.0.2' },
      'udp://239.0.0.1:1234?fifo_size=28000&overrun_nonfatal=1&timeout=10000000&localaddr=10.0.0.2',
    ],
    [{ kind: 'srt', host: 'a', port: 9000, streamId: '-i b', latencyMs: 200 }, 'srt://a:9000'],
    [{ kind: 'device', system: 'deltacast', name: '3' }, 'deltacast://3'],
    [{ kind: 'device', system: 'decklink', name: 'DeckLink Duo (1)' }, 'DeckLink Duo (1)'],
    [{ kind: 'device', system: 'v4l2', name: '/dev/video0', frameRate: 25 }, '/dev/video0'],
    [{ kind: 'file', path: '-films/a.mkv', isLooped: true }, 'file:-films/a.mkv'],
    [{ kind: 'lavfi', graph: 'testsrc2' }, 'testsrc2'],
  ])('%j', (input, address) => {
    const args = liveInputArguments(input)
    expect(inputOf(args)).toBe(address)
    expect(args.filter(arg => arg === '-i')).toHaveLength(1)
  })

  it('drops what is broken, makes times that are missing, and looks no longer than it may', () => {
    const args = liveInputArguments({ kind: 'udp', host: 'a', port: 1 }, [], { probeBytes: 100_000, analyzeMs: 500 })
    expect(args.slice(0, 6)).toEqual([
      ...['-fflags', '+discardcorrupt+genpts', '-probesize', '100000', '-analyzeduration', '500000'],
    ])
  })

  it('lets no address of a user’s into the command line of what comes by HTTP', () => {
    const input: LiveInput = { kind: 'hls', url: 'http://user:secret@tv.example/a.m3u8', userAgent: 'x' }
    const args = liveInputArguments(input, ['http://127.0.0.1:1/a', 'http://127.0.0.1:1/b'])
    expect(args.join(' ')).not.toContain('secret')
    expect(args.filter((_, i) => args[i - 1] === '-i')).toEqual(['http://127.0.0.1:1/a', 'http://127.0.0.1:1/b'])
    // Nothing but what we serve: no playlist that names further addresses, no file.
    expect(args).toContain('http,tcp')
    expect(args[args.indexOf('-format_whitelist') + 1]?.split(',')).not.toContain('hls')
    expect(() => liveInputArguments(input)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})

describe('liveOutputArguments', () => {
  const encoded: Extract<LiveVideo, { mode: 'encode' }> = {
    mode: 'encode',
    maxWidth: 1280,
    maxHeight: 720,
    bitrateBps: 5_000_000,
    keyframeMs: 5000,
    preset: 'ultrafast',
    frameRate: 'own',
  }

  it('copies without touching the pictures', () => {
    const args = liveOutputArguments({ video: { mode: 'copy' }, audio: { mode: 'copy' } })
    expect(args.join(' ')).toContain('-map 0:V:0? -c:v copy -map 0:a:0? -c:a copy')
    expect(args).not.toContain('-vf')
  })

  it('encodes what browsers play, with a keyframe at each segment’s start and at no other place', () => {
    const args = liveOutputArguments({ video: encoded, audio: { mode: 'encode', bitrateBps: 128_000 } })
    const value = (name: string): string | undefined => args[args.indexOf(name) + 1]
    expect(value('-vf')).toMatch(/^yadif=.*deint=interlaced,scale=.*,setsar=1,format=yuv420p$/)
    expect([value('-preset'), value('-tune'), value('-b:v'), value('-b:a')]).toEqual([
      ...['ultrafast', 'zerolatency', '5000000', '128000'],
    ])
    expect([value('-g'), value('-sc_threshold'), value('-force_key_frames')]).toEqual([
      ...['9999', '0', 'expr:gte(t+0.002,n_forced*5)'],
    ])
    expect([value('-fps_mode'), args.includes('-r')]).toEqual(['cfr', false])
  })

  it('keeps to a known rate, and leaves a variable one alone', () => {
    const rated = liveOutputArguments({ video: { ...encoded, frameRate: [30_000, 1001] }, audio: undefined })
    expect(rated[rated.indexOf('-r') + 1]).toBe('30000/1001')
    const variable = liveOutputArguments({ video: { ...encoded, frameRate: 'variable' }, audio: undefined })
    expect(variable[variable.indexOf('-fps_mode') + 1]).toBe('vfr')
    expect(variable.join(' ')).not.toContain(':a:')
  })

  it('takes sound out of an input of its own on the clock that both share', () => {
    const args = liveOutputArguments({ video: { mode: 'copy' }, audio: { mode: 'copy' }, hasOwnSound: true })
    expect(args.join(' ')).toContain('-copyts -map 0:V:0? -c:v copy -map 1:a:0? -c:a copy')
  })
})
