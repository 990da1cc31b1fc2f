// The films that are measured on, made with ffmpeg where they are not there yet.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where they are kept; `CUEMUX_BENCH_MEDIA` names another folder. */
export const mediaFolder = process.env.CUEMUX_BENCH_MEDIA ?? fileURLToPath(new URL('media', import.meta.url))

const SWEEP = "aevalsrc='0.3*sin(2*PI*t*(300+20*t))|0.3*sin(2*PI*t*(500+13*t))':s=48000:d=60"

/** Each gives the argument lists that make it, in order; `out` is the file to write. */
const RECIPES = {
  /** Ten minutes of 720p at 8 Mbit/s: one minute, ten times over. */
  'film.mkv': out => {
    const minute = join(mediaFolder, 'minute.mkv')
    const list = join(mediaFolder, 'film.txt')
    writeFileSync(list, "file 'minute.mkv'\n".repeat(10))
    return [
      [
        ...['-f', 'lavfi', '-i', 'mandelbrot=s=1280x720:r=24', '-f', 'lavfi', '-i', SWEEP],
        ...['-filter_complex', '[0]noise=alls=12:allf=t[v]', '-map', '[v]', '-map', '1:a', '-t', '60'],
        ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-b:v', '8M', '-g', '48', '-bf', '3'],
        ...['-c:a', 'aac', '-b:a', '192k', minute],
      ],
      ['-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', out],
    ]
  },
  'film.mp4': out => [['-i', input('film.mkv'), '-c', 'copy', out]],
  /** Two hours of half a million tiny samples. */
  'long.mkv': out => [
    [
      ...['-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=24:d=7200', '-f', 'lavfi', '-i', 'sine=300:r=48000:d=7200'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-b:v', '40k', '-g', '48'],
      ...['-c:a', 'aac', '-b:a', '24k', out],
    ],
  ],
  'long.mp4': out => [['-i', input('long.mkv'), '-c', 'copy', out]],
  'film.ts': out => [['-i', input('film.mkv'), '-c', 'copy', '-f', 'mpegts', out]],
  /** Three minutes with sound in six channels that no browser plays. */
  'surround.mkv': out => [
    [
      ...['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=24:d=180'],
      ...[
        '-f',
        'lavfi',
        '-i',
        `aevalsrc='${[300, 400, 500, 60, 600, 700].map(hz => `0.2*sin(2*PI*${hz}*t)`).join('|')}':c=5.1:s=48000:d=180`,
      ],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-b:v', '1M', '-g', '48'],
      ...['-c:a', 'ac3', '-b:a', '448k', out],
    ],
  ],
  /** A minute of a picture that no browser plays. */
  'old.mkv': out => [
    [
      ...['-f', 'lavfi', '-i', 'mandelbrot=s=720x576:r=25', '-f', 'lavfi', '-i', SWEEP, '-t', '60'],
      ...['-c:v', 'mpeg2video', '-b:v', '5M', '-g', '12', '-bf', '2', '-c:a', 'ac3', '-b:a', '192k', out],
    ],
  ],
}

/** Ten minutes of tiny samples, which the films that are longer or have more tracks are put together from. */
const TEN_MINUTES = 'grow-10.mkv'
const TINY = {
  [TEN_MINUTES]: out => [
    [
      ...['-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=8:d=600', '-f', 'lavfi', '-i', 'sine=300:r=8000:d=600'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-b:v', '8k', '-g', '16'],
      ...['-c:a', 'aac', '-b:a', '8k', out],
    ],
  ],
}

/** `grow-MINUTES.EXT`: a film of so many minutes; `tracks-COUNT.EXT`: ten minutes of one picture and many sounds. */
function grownRecipe(name) {
  const [, kind, count, extension] = /^(grow|tracks)-(\d+)\.(mkv|mp4)$/.exec(name) ?? []
  if (kind === undefined) return undefined
  if (extension === 'mp4') return out => [['-i', input(name.replace('.mp4', '.mkv')), '-map', '0', '-c', 'copy', out]]
  const ten = input(TEN_MINUTES)
  if (kind === 'tracks') {
    const sounds = Array.from({ length: Number(count) - 1 }, () => ['-map', '0:a']).flat()
    return out => [['-i', ten, '-map', '0:v', ...sounds, '-c', 'copy', out]]
  }
  const loops = String(Math.ceil(Number(count) / 10) - 1)
  return out => [['-stream_loop', loops, '-i', ten, '-t', String(Number(count) * 60), '-c', 'copy', out]]
}

/** Path of an input, which is made first if need be. Minutes for the first, then nothing. */
export function input(name) {
  const path = join(mediaFolder, name)
  if (existsSync(path) && statSync(path).size > 0) return path
  mkdirSync(mediaFolder, { recursive: true })
  console.error(`Making ${name} …`)
  // Under another name until it is whole: an interrupted run leaves no half film.
  const unfinished = join(mediaFolder, `unfinished-${name}`)
  const recipe = RECIPES[name] ?? TINY[name] ?? grownRecipe(name)
  for (const args of recipe(unfinished)) ffmpeg(args)
  renameSync(unfinished, path)
  for (const rest of ['minute.mkv', 'film.txt']) rmSync(join(mediaFolder, rest), { force: true })
  return path
}

function ffmpeg(args) {
  const result = spawnSync('ffmpeg', ['-hide_banner', '-v', 'error', '-nostdin', '-y', ...args], {
    stdio: ['ignore', 2, 2],
  })
  if (result.error !== undefined) throw new Error('The inputs are made with ffmpeg, which is not on the PATH.')
  if (result.status !== 0) throw new Error(`ffmpeg could not make an input (exit ${result.status}).`)
}
