import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { CuemuxError } from '@cuemux/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { installCommand, installHint, locateFfmpeg, type Surroundings } from './locate.js'

let folder: string
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'cuemux-locate-')))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function program(name: string, mode = 0o755): Promise<string> {
  const path = join(folder, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, '#!/bin/sh\n')
  await chmod(path, mode)
  return path
}

function around(folders: readonly string[], more: Record<string, string> = {}): Surroundings {
  return { platform: 'linux', env: { PATH: folders.map(name => join(folder, name)).join(delimiter), ...more } }
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    reason => reason as unknown,
  )
  expect(error).toBeInstanceOf(CuemuxError)
  return (error as CuemuxError).describe().replaceAll(folder, '')
}

describe('locateFfmpeg', () => {
  it('takes the option, then CUEMUX_FFMPEG, then PATH', async () => {
    const [inPath, named, chosen] = [
      await program('bin/ffmpeg'),
      await program('named/ffmpeg'),
      await program('chosen/ff'),
    ]
    const place = around(['empty', 'bin'], { CUEMUX_FFMPEG: named })
    expect(await locateFfmpeg({ ffmpeg: chosen }, place)).toMatchObject({ ffmpeg: chosen, foundBy: 'option' })
    expect(await locateFfmpeg({}, place)).toMatchObject({ ffmpeg: named, foundBy: 'CUEMUX_FFMPEG' })
    expect(await locateFfmpeg({}, around(['bin'], { CUEMUX_FFMPEG: '' }))).toMatchObject({
      ffmpeg: inPath,
      foundBy: 'PATH',
    })
  })
  it('looks names up in PATH, where entries that are not absolute and files that do not run are passed over', async () => {
    await program('first/ffmpeg6', 0o644)
    await mkdir(join(folder, 'second', 'ffmpeg6'), { recursive: true })
    const found = await program('third/ffmpeg6')
    const place = around(['first', 'second', 'third'])
    const odd = { ...place, env: { PATH: `.${delimiter}${delimiter}${place.env.PATH}` } }
    expect(await locateFfmpeg({ ffmpeg: 'ffmpeg6' }, odd)).toMatchObject({ ffmpeg: found })
  })
  it('finds ffprobe beside ffmpeg, beside what it links to, or in PATH', async () => {
    const [ffmpeg, beside] = [await program('a/ffmpeg'), await program('a/ffprobe')]
    expect((await locateFfmpeg({ ffmpeg }, around([]))).ffprobe).toBe(beside)
    await mkdir(join(folder, 'links'))
    await symlink(ffmpeg, join(folder, 'links', 'ffmpeg'))
    expect(await locateFfmpeg({}, around(['links']))).toEqual({
      ffmpeg: join(folder, 'links', 'ffmpeg'),
      ffprobe: beside,
      foundBy: 'PATH',
    })
    const [alone, other] = [await program('b/ffmpeg'), await program('c/ffprobe')]
    expect((await locateFfmpeg({ ffmpeg: alone }, around(['c']))).ffprobe).toBe(other)
    expect((await locateFfmpeg({ ffmpeg: alone }, around([]))).ffprobe).toBeUndefined()
  })
  it('says how to install it by the package manager that is there', async () => {
    expect(await failure(locateFfmpeg({}, around(['bin'])))).toBe(
      'ENCODER_MISSING: ffmpeg is not in PATH. Install ffmpeg: `sudo apt-get install ffmpeg` or `sudo dnf install ffmpeg` or `sudo pacman -S ffmpeg` or `sudo apk add ffmpeg` or `brew install ffmpeg`.',
    )
    await program('bin/apk')
    expect(await failure(locateFfmpeg({}, around(['bin'])))).toBe(
      'ENCODER_MISSING: ffmpeg is not in PATH. Install ffmpeg: `sudo apk add ffmpeg`.',
    )
  })
  it('does not take another where the one that is named is not there', async () => {
    await program('bin/ffmpeg')
    await program('bin/dnf')
    expect(await failure(locateFfmpeg({ ffmpeg: join(folder, 'none') }, around(['bin'])))).toBe(
      'ENCODER_MISSING: The option ffmpeg names "/none", which is no program here. Set it to the path of ffmpeg, or leave it out to take the one in PATH. Install ffmpeg: `sudo dnf install ffmpeg`.',
    )
    expect(await failure(locateFfmpeg({}, around(['bin'], { CUEMUX_FFMPEG: 'ffmpeg; rm x' })))).toMatch(
      /^ENCODER_MISSING: CUEMUX_FFMPEG names "ffmpeg; rm x", which is no program here\./,
    )
  })
  it('refuses options that are none', async () => {
    const wrong = { ffmpeg: '', probe: 1 } as { ffmpeg: string }
    expect(await failure(locateFfmpeg(wrong, around([])))).toMatch(/^BAD_REQUEST: .*'ffmpeg'.*'probe'/)
  })
})

describe('installing', () => {
  it('has a word for every platform', async () => {
    expect(installHint('darwin')).toBe('Install ffmpeg: `brew install ffmpeg`.')
    expect(installHint('win32')).toBe('Install ffmpeg: `winget install Gyan.FFmpeg` or `choco install ffmpeg`.')
    expect(installHint('aix')).toBe('Get ffmpeg from https://ffmpeg.org/download.html.')
    await program('bin/choco.exe')
    expect(await installCommand({ ...around(['bin']), platform: 'win32' })).toBe(
      'Install ffmpeg: `choco install ffmpeg`.',
    )
  })
})
