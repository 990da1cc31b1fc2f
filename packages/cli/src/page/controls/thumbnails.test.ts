import { describe, expect, it } from 'vitest'
import { readStoryboard } from './thumbnails.js'

const ADDRESS = 'http://localhost:8080/media/1/storyboard.vtt?client=safari'

describe('readStoryboard', () => {
  it('reads tiles in the order of their times', () => {
    const text = [
      'WEBVTT',
      '',
      '2',
      '00:10.000 --> 00:20.000',
      'storyboard/0.jpg#xywh=160,0,160,90',
      '',
      '00:00:00.000 --> 00:00:10.000',
      'storyboard/0.jpg#xywh=pixel:0,0,160,90',
      '',
    ].join('\r\n')
    expect(readStoryboard(text, ADDRESS)).toEqual([
      {
        start: 0,
        end: 10,
        address: 'http://localhost:8080/media/1/storyboard/0.jpg',
        x: 0,
        y: 0,
        width: 160,
        height: 90,
      },
      {
        start: 10,
        end: 20,
        address: 'http://localhost:8080/media/1/storyboard/0.jpg',
        x: 160,
        y: 0,
        width: 160,
        height: 90,
      },
    ])
  })

  it.each([
    ['another server', 'https://example.com/0.jpg#xywh=0,0,160,90'],
    ['no server', 'data:image/png,x#xywh=0,0,160,90'],
    ['no address', 'http://[#xywh=0,0,160,90'],
    ['no size', '0.jpg#xywh=0,0,0,90'],
    ['a huge size', '0.jpg#xywh=0,0,99999,90'],
    ['no place', '0.jpg'],
  ])('leaves out a tile of %s', (_, place) => {
    expect(readStoryboard(`WEBVTT\n\n00:00.000 --> 00:10.000\n${place}\n`, ADDRESS)).toEqual([])
  })

  it('reads no more tiles than a film has', () => {
    const cue = '00:00.000 --> 00:10.000\n0.jpg#xywh=0,0,160,90\n\n'
    expect(readStoryboard(`WEBVTT\n\n${cue.repeat(20_001)}`, ADDRESS)).toHaveLength(20_000)
  })
})
