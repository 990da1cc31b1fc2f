import { bytesSource } from '@cuemux/source'
import { expect, it } from 'vitest'
import { RemoteFilm } from '../../testing/remote-film.js'
import { Kept } from './kept.js'

const encoded: ReadonlySet<string> = new Set(['video-2'])

it.each([
  ['video-1/0.m4s', false, true],
  ['video-2/0.m4s', true, true],
  ['video-2/init.mp4', true, true],
  ['text-3/0.vtt', false, true],
  ['attachments/font.ttf', false, true],
  ['attachments/cover.jpg', false, true],
  ['storyboard/0.jpg', true, true],
  ['storyboard.vtt', false, false],
  ['video-1/playlist.m3u8', false, false],
  ['chapters.json', false, false],
])('%s of a near film is kept: %s, of a remote one: %s', (path, near, remote) => {
  const kept = new Kept(async () => expect.unreachable(), 'costly')
  expect(kept.holdsResource(bytesSource(new Uint8Array(8)), path, encoded)).toBe(near)
  expect(kept.holdsResource(new RemoteFilm(new Uint8Array(8)), path, encoded)).toBe(remote)
})
