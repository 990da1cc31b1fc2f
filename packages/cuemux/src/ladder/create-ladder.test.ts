import { tmpdir } from 'node:os'
import path from 'node:path'
import { folderStore } from '@cuemux/store'
import { expect, it } from 'vitest'
import { createLadder } from '../index.js'

const store = folderStore({ folder: path.join(tmpdir(), 'cuemux-no-ladder') })

it.each([
  ['no store', { input: 'film.mkv' }, /'store' field is required/],
  ['a store that is none', { input: 'film.mkv', store: 'out' }, /'store' must be an? Object/i],
  ['wrong uploads', { input: 'film.mkv', store, uploads: { concurrency: 0 } }, /'uploads\.concurrency'/],
  ['an unknown option', { input: 'film.mkv', store, rung: 'auto' }, /rung/],
  ['no input', { store }, /made of an input or of frames/],
  ['no rungs', { input: 'film.mkv', store, rungs: 'none' }, /film\.mkv|rungs/],
])('refuses %s', async (_, options, message) => {
  await expect(createLadder(options as never)).rejects.toMatchObject({
    code: expect.stringMatching(/^(?:BAD_REQUEST|NOT_FOUND)$/),
    message: expect.stringMatching(message),
  })
})
