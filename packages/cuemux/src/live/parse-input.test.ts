import { CuemuxError } from '@cuemux/core'
import type { LiveInput } from '@cuemux/ffmpeg'
import { describe, expect, test } from 'vitest'
import { checkLiveInput } from './check-input.js'
import { pinAddress } from './open-input.js'
import { parseLiveInput } from './parse-input.js'

describe('parseLiveInput', () => {
  test.each<[string, LiveInput]>([
    ['http://tv.example/1.ts', { kind: 'http-ts', url: 'http://tv.example/1.ts' }],
    ['HTTPS://tv.example/live?x=1', { kind: 'http-ts', url: 'HTTPS://tv.example/live?x=1' }],
    ['https://tv.example/a.m3u8?token=1', { kind: 'hls', url: 'https://tv.example/a.m3u8?token=1' }],
    ['rtsp://camera:554/main', { kind: 'rtsp', url: 'rtsp://camera:554/main' }],
    ['udp://@239.0.0.1:1234', { kind: 'udp', host: '239.0.0.1', port: 1234 }],
    ['udp://239.0.0.1:80?localaddr=10.0.0.2', { kind: 'udp', host: '239.0.0.1', port: 80, localAddress: '10.0.0.2' }],
    ['srt://host.example:9000', { kind: 'srt', host: 'host.example', port: 9000 }],
    [
      'srt://[::1]:9000?mode=listener&streamid=a%20b&passphrase=0123456789&latency=200',
      {
        ...{ kind: 'srt', host: '[::1]', port: 9000, mode: 'listener', streamId: 'a b' },
        ...{ passphrase: '0123456789', latencyMs: 200 },
      },
    ],
    ['/dev/video0', { kind: 'device', system: 'v4l2', name: '/dev/video0' }],
    ['v4l2:/dev/video1', { kind: 'device', system: 'v4l2', name: '/dev/video1' }],
    ['deltacast://3', { kind: 'device', system: 'deltacast', name: '3' }],
    ['deltacast:3', { kind: 'device', system: 'deltacast', name: '3' }],
    ['decklink:DeckLink Duo (2)', { kind: 'device', system: 'decklink', name: 'DeckLink Duo (2)' }],
    ['lavfi:testsrc2=size=426x240', { kind: 'lavfi', graph: 'testsrc2=size=426x240' }],
  ])('%s', (text, input) => {
    expect(parseLiveInput(text)).toEqual(input)
    expect(checkLiveInput(parseLiveInput(text), undefined)).toEqual(input)
  })

  test.each(['', '-i', 'film.ts', 'file:///etc/passwd', 'concat:a|b', 'data:,x', 'pipe:0', 'tcp://a:1', 'ftp://a/b'])(
    'refuses %j',
    text => {
      expect(() => parseLiveInput(text)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    },
  )
})

describe('checkLiveInput', () => {
  test.each<LiveInput>([
    { kind: 'http-ts', url: 'file:///etc/passwd' },
    { kind: 'http-ts', url: '-i' },
    { kind: 'http-ts', url: 'http://a/', headers: { 'x-a': 'b\r\nhost: c' } },
    { kind: 'http-ts', url: 'http://a/', userAgent: 'a\nb' },
    { kind: 'hls', url: 'rtsp://a/' },
    { kind: 'rtsp', url: 'http://a/' },
    { kind: 'udp', host: '-i', port: 1 },
    { kind: 'udp', host: 'a', port: 0 },
    { kind: 'udp', host: 'a?sources=b', port: 1 },
    { kind: 'udp', host: 'a', port: 1, localAddress: 'b&c' },
    { kind: 'srt', host: 'a', port: 1, latencyMs: Number.NaN },
    { kind: 'srt', host: 'a', port: 1, streamId: 'a\nb' },
    { kind: 'device', system: 'v4l2', name: '/etc/passwd' },
    { kind: 'device', system: 'v4l2', name: '/dev/../etc/passwd' },
    { kind: 'device', system: 'deltacast', name: '-1' },
    { kind: 'device', system: 'decklink', name: '-i' },
    { kind: 'file', path: ' ' },
    { kind: 'file', path: '/films/a\nb.mkv' },
    { kind: 'lavfi', graph: '' },
    { kind: 'lavfi', graph: 'movie=/etc/passwd' },
    { kind: 'lavfi', graph: 'testsrc2,drawtext=textfile=/etc/passwd' },
    { kind: 'lavfi', graph: "testsrc2='a" },
    { kind: 'lavfi', graph: 'testsrc2\\,movie=a' },
    { kind: 'lavfi', graph: 'testsrc2;[a]amovie=b' },
  ])('refuses %j', input => {
    expect(() => checkLiveInput(input, undefined)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })

  test('takes public addresses alone from callers that are not trusted', () => {
    const refused: LiveInput[] = [
      { kind: 'http-ts', url: 'http://127.0.0.1/' },
      { kind: 'hls', url: 'http://[::1]/a.m3u8' },
      { kind: 'rtsp', url: 'rtsp://192.168.0.1/' },
      { kind: 'srt', host: '10.0.0.1', port: 9000 },
      { kind: 'srt', host: 'tv.example', port: 9000, mode: 'listener' },
      { kind: 'udp', host: '239.0.0.1', port: 1234 },
      { kind: 'device', system: 'v4l2', name: '/dev/video0' },
      { kind: 'lavfi', graph: 'testsrc2' },
    ]
    for (const input of refused) {
      expect(() => checkLiveInput(input, {}), JSON.stringify(input)).toThrow(
        expect.objectContaining({ code: 'BAD_REQUEST' }),
      )
    }
    const taken: LiveInput = { kind: 'http-ts', url: 'http://93.184.216.34/live.ts' }
    expect(checkLiveInput(taken, {})).toEqual(taken)
    expect(checkLiveInput({ kind: 'http-ts', url: 'http://127.0.0.1/' }, { allowPrivate: true }).kind).toBe('http-ts')
  })

  test('takes test pictures of all shapes', () => {
    const graph = 'testsrc2=size=720x576:rate=25,format=yuv422p10le,setfield=mode=tff[out0];sine=frequency=440[out1]'
    expect(checkLiveInput({ kind: 'lavfi', graph }, undefined)).toEqual({ kind: 'lavfi', graph })
  })
})

describe('pinAddress', () => {
  test('puts the address that was checked in the place of the host, and of nothing else', async () => {
    const policy = { allowPrivate: true }
    const input: LiveInput = { kind: 'rtsp', url: 'rtsp://127.0.0.1:secret@127.0.0.1:554/127.0.0.1?a=127.0.0.1' }
    expect(await pinAddress(input, policy)).toEqual(input)
    const named: LiveInput = { kind: 'rtsp', url: 'rtsp://localhost:localhost@localhost/localhost' }
    expect(await pinAddress(named, policy)).toMatchObject({
      url: expect.stringMatching(/^rtsp:\/\/localhost:localhost@(?:127\.0\.0\.1|\[::1\])\/localhost$/),
    })
  })

  test.each(['rtsp://localhost/', 'rtsp://2130706433/', 'rtsp://0x7f.1/', 'rtsp://user@127.1/'])(
    'refuses %s by what it resolves to',
    async url => {
      await expect(pinAddress({ kind: 'rtsp', url }, {})).rejects.toBeInstanceOf(CuemuxError)
    },
  )
})
